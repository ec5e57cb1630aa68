package io.daytona.toolbox.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Copies a promised number of bytes. */
final class FileCopy {
  private static final int BUFFER = 64 * 1024;

  private FileCopy() {}

  /**
   * Copies exactly so many bytes.
   *
   * @throws EOFException when there are fewer: the file shrank while it was read
   */
  static void exactly(InputStream in, OutputStream out, long size) throws IOException {
    byte[] buffer = new byte[Math.clamp(size, 1, BUFFER)];
    long left = size;
    while (left > 0) {
      int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (count < 0) {
        throw new EOFException("the file ended " + left + " bytes too early");
      }
      out.write(buffer, 0, count);
      left -= count;
    }
  }
}
