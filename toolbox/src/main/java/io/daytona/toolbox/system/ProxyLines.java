package io.daytona.toolbox.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** The lines of an HTTP message, bounded in all. */
final class ProxyLines {
  private final InputStream in;
  private int left;

  /**
   * @param limit bytes of all lines together
   */
  ProxyLines(InputStream in, int limit) {
    this.in = in;
    this.left = limit;
  }

  /**
   * The next line without its end; control characters in it are blanks.
   *
   * @throws IOException when the stream ends first or the lines are too long
   */
  String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(80);
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("the connection ended too early");
      }
      if (--left < 0) {
        throw new IOException("the head is too large");
      }
      if (next != '\r') {
        line.write(next < ' ' || next == 0x7f ? ' ' : next);
      }
    }
    return line.toString(ISO_8859_1);
  }
}
