package io.daytona.toolbox.system;

import java.io.IOException;
import java.io.InputStream;

/** A body in chunks (RFC 9112 §7.1), decoded. */
final class ProxyChunks extends InputStream {
  private static final int MAX_LINE_BYTES = 8 << 10;
  private static final int RADIX = 16;

  private final InputStream in;
  private long left;
  private boolean first = true;
  private boolean ended;

  ProxyChunks(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (left == 0 && !ended) {
      begin();
    }
    if (ended) {
      return -1;
    }
    int n = in.read(into, offset, (int) Math.min(left, length));
    if (n < 0) {
      throw new IOException("the reply broke off");
    }
    left -= n;
    return n;
  }

  private void begin() throws IOException {
    ProxyLines lines = new ProxyLines(in, MAX_LINE_BYTES);
    if (!first && !lines.next().isEmpty()) {
      throw new IOException("a chunk is longer than it says");
    }
    first = false;
    String size = lines.next().split(";", 2)[0].strip();
    if (!size.matches("[0-9A-Fa-f]{1,15}")) {
      throw new IOException("a chunk has no valid size");
    }
    left = Long.parseLong(size, RADIX);
    if (left == 0) {
      ended = true;
      skipTrailers(lines);
    }
  }

  /** They are of this hop. */
  private static void skipTrailers(ProxyLines lines) throws IOException {
    String line;
    do {
      line = lines.next();
    } while (!line.isEmpty());
  }
}
