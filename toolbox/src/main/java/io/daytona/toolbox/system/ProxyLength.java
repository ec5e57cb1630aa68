package io.daytona.toolbox.system;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A body of known length; one that is shorter breaks off. */
final class ProxyLength extends FilterInputStream {
  private long left;

  ProxyLength(InputStream in, long length) {
    super(in);
    this.left = length;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int n = super.read(into, offset, (int) Math.min(left, length));
    if (n < 0) {
      throw new IOException("the reply broke off");
    }
    left -= n;
    return n;
  }
}
