package io.daytona.runner.jailer;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** One connection to the jailer: lines both ways, used by one thread at a time. */
final class JailerConnection implements AutoCloseable {
  /** Longest request with its newline (docs/protocols/jailer.md). */
  static final int MAX_REQUEST = 1024;

  private static final int PIECE = 1 << 20;
  private static final int MAX_LINE = 4096;

  private final SocketChannel channel;
  private final ByteBuffer received = ByteBuffer.allocate(2 * MAX_LINE).flip();

  private JailerConnection(SocketChannel channel) {
    this.channel = channel;
  }

  static JailerConnection open(Path socket) throws IOException {
    return new JailerConnection(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
  }

  void send(String request) throws IOException {
    byte[] line = (request + "\n").getBytes(StandardCharsets.US_ASCII);
    if (line.length > MAX_REQUEST) {
      throw new JailerException(
          JailerCode.USAGE, "the request has " + line.length + " bytes, allowed are 1024");
    }
    ByteBuffer bytes = ByteBuffer.wrap(line);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Sends a file's first bytes; fails when it turns out shorter. */
  void send(FileChannel file, long size) throws IOException {
    // not transferTo: on a virtual thread the jailer waited for bytes it had reported as sent
    ByteBuffer bytes = ByteBuffer.allocateDirect(PIECE);
    long position = 0;
    while (position < size) {
      bytes.clear().limit((int) Math.min(PIECE, size - position));
      int read = file.read(bytes, position);
      if (read <= 0) {
        throw new EOFException("the file ends after " + position + " of " + size + " bytes");
      }
      bytes.flip();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      position += read;
    }
  }

  /**
   * The next line without its newline.
   *
   * @throws EOFException when the jailer closed the connection
   * @throws ProtocolException when the line is longer than 4,096 bytes
   */
  String receive() throws IOException {
    int scanned = received.position();
    while (true) {
      for (; scanned < received.limit(); scanned++) {
        if (received.get(scanned) == '\n') {
          return take(scanned);
        }
      }
      if (received.remaining() >= MAX_LINE) {
        throw new ProtocolException("a line of the jailer is longer than " + MAX_LINE + " bytes");
      }
      scanned -= received.position();
      received.compact();
      int count = channel.read(received);
      received.flip();
      if (count < 0) {
        throw new EOFException("the jailer closed the connection");
      }
    }
  }

  private String take(int end) {
    byte[] line = new byte[end - received.position()];
    received.get(line);
    received.get();
    return new String(line, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    Closing.quietly(channel);
  }
}
