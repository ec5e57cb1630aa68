package io.daytona.toolbox.file;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.io.OutputStream;

/** Copies a promised number of bytes out of a sandbox. */
final class FileCopy {
  private FileCopy() {}

  /**
   * Copies as many bytes as the content is said to have, in the pieces they come in.
   *
   * @throws DaytonaException when the sandbox has fewer: it went away, or the file shrank
   * @throws IOException when the client went away
   */
  static void all(FileContent content, OutputStream out) throws IOException {
    boolean known = content.size() != FileContent.UNKNOWN;
    Promised promised = new Promised(out, known ? content.size() : Long.MAX_VALUE);
    try {
      content.bytes().transferTo(promised);
    } catch (Kept _) {
      return;
    } catch (IOException e) {
      if (promised.broken) {
        throw e;
      }
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY, "The sandbox went away while the file was read.", e);
    }
    if (known && promised.left > 0) {
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY,
          "The file shrank by " + promised.left + " bytes while it was read.");
    }
  }

  /** The promise is kept, whatever else the sandbox may have. */
  private static final class Kept extends IOException {
    private static final long serialVersionUID = 1L;
  }

  private static final class Promised extends OutputStream {
    private final OutputStream out;
    private long left;
    private boolean broken;

    Promised(OutputStream out, long size) {
      this.out = out;
      this.left = size;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int count = (int) Math.min(length, left);
      try {
        out.write(bytes, offset, count);
      } catch (IOException e) {
        broken = true;
        throw e;
      }
      left -= count;
      if (count < length) {
        throw new Kept();
      }
    }
  }
}
