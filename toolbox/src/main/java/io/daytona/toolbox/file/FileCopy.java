package io.daytona.toolbox.file;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Copies a promised number of bytes out of a sandbox. */
final class FileCopy {
  private static final int BUFFER = 64 * 1024;

  private FileCopy() {}

  /**
   * Copies exactly so many bytes.
   *
   * @throws DaytonaException when the sandbox has fewer: it went away, or the file shrank
   * @throws IOException when the client went away
   */
  static void exactly(InputStream in, OutputStream out, long size) throws IOException {
    byte[] buffer = new byte[Math.clamp(size, 1, BUFFER)];
    long left = size;
    while (left > 0) {
      int count = read(in, buffer, (int) Math.min(buffer.length, left));
      if (count < 0) {
        throw DaytonaException.of(
            ErrorKind.BAD_GATEWAY, "The file shrank by " + left + " bytes while it was read.");
      }
      out.write(buffer, 0, count);
      left -= count;
    }
  }

  private static int read(InputStream in, byte[] buffer, int length) {
    try {
      return in.read(buffer, 0, length);
    } catch (IOException e) {
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY, "The sandbox went away while the file was read.", e);
    }
  }
}
