package io.daytona.server.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A {@link Socket} over a Unix socket, as far as a database driver uses one. */
final class UnixSocket extends Socket {
  private final Path path;
  private @Nullable SocketChannel channel;
  private volatile int timeoutMillis;
  private volatile boolean closed;

  UnixSocket(Path path) {
    this.path = path;
  }

  @Override
  public void connect(SocketAddress ignored) throws IOException {
    SocketChannel opened = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      opened.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      opened.close();
      throw e;
    }
    channel = opened;
  }

  @Override
  public void connect(SocketAddress ignored, int timeout) throws IOException {
    connect(ignored); // connecting to a Unix socket never waits for a peer
  }

  private SocketChannel channel() throws SocketException {
    SocketChannel opened = channel;
    if (opened == null) {
      throw new SocketException("the socket is not connected");
    }
    return opened;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return new In(channel());
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return new Out(channel());
  }

  @Override
  public void close() throws IOException {
    closed = true;
    if (channel != null) {
      channel.close();
    }
  }

  @Override
  public boolean isConnected() {
    return channel != null;
  }

  @Override
  public boolean isBound() {
    return channel != null;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void setSoTimeout(int millis) {
    timeoutMillis = millis;
  }

  @Override
  public int getSoTimeout() {
    return timeoutMillis;
  }

  @Override
  public void setTcpNoDelay(boolean on) {
    // Unix sockets never delay.
  }

  @Override
  public void setKeepAlive(boolean on) {
    // The end of the peer is always noticed.
  }

  @Override
  public int getSendBufferSize() {
    return 8192;
  }

  @Override
  public int getReceiveBufferSize() {
    return 8192;
  }

  /** Reads; with a timeout through a selector, as blocking channels know none. */
  private final class In extends InputStream {
    private final SocketChannel from;

    In(SocketChannel from) {
      this.from = from;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int at, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      ByteBuffer buffer = ByteBuffer.wrap(into, at, length);
      int millis = timeoutMillis;
      return millis == 0 ? from.read(buffer) : read(buffer, millis);
    }

    private int read(ByteBuffer buffer, int millis) throws IOException {
      from.configureBlocking(false);
      try {
        int n = from.read(buffer);
        if (n != 0) {
          return n;
        }
        try (Selector selector = Selector.open()) {
          from.register(selector, SelectionKey.OP_READ);
          selector.select(millis);
        }
        n = from.read(buffer);
        if (n == 0) {
          throw new SocketTimeoutException("nothing came within " + millis + " ms");
        }
        return n;
      } finally {
        if (from.isOpen()) {
          from.configureBlocking(true);
        }
      }
    }
  }

  /** Writes everything. */
  private static final class Out extends OutputStream {
    private final SocketChannel to;

    Out(SocketChannel to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] from, int at, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(from, at, length);
      while (buffer.hasRemaining()) {
        to.write(buffer);
      }
    }
  }
}
