package io.daytona.toolbox.agent.client;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ScatteringByteChannel;

/**
 * Cuts a byte stream into frames.
 *
 * <p>Small frames come out of one buffer; a large payload is read straight into its array, together
 * with whatever follows it.
 */
final class FrameReader {
  private static final int BUFFER = 8_192;

  private final ScatteringByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);

  FrameReader(ScatteringByteChannel channel) {
    this.channel = channel;
  }

  /**
   * One frame.
   *
   * @param type its type, 0…255
   * @param channel its channel, 0…255
   * @param stream its stream
   * @param payload its bytes
   */
  record Frame(int type, int channel, int stream, byte[] payload) {}

  /**
   * The next frame.
   *
   * @throws EOFException at the end of the stream
   * @throws ProtocolViolation when a payload is larger than allowed
   */
  Frame next() throws IOException, ProtocolViolation {
    while (buffer.remaining() < Protocol.HEADER) {
      buffer.compact();
      int count;
      try {
        count = channel.read(buffer);
      } finally {
        buffer.flip();
      }
      if (count < 0) {
        throw new EOFException("the agent closed the connection");
      }
    }
    int length = buffer.getInt();
    final int type = Byte.toUnsignedInt(buffer.get());
    final int number = Byte.toUnsignedInt(buffer.get());
    buffer.getShort();
    final int stream = buffer.getInt();
    if (length < 0 || length > Protocol.MAX_PAYLOAD) {
      throw new ProtocolViolation(
          "a frame claims " + Integer.toUnsignedString(length) + " bytes of payload");
    }
    return new Frame(type, number, stream, payload(length));
  }

  private byte[] payload(int length) throws IOException {
    byte[] payload = new byte[length];
    ByteBuffer rest = ByteBuffer.wrap(payload);
    int held = Math.min(length, buffer.remaining());
    buffer.get(payload, 0, held);
    rest.position(held);
    while (rest.hasRemaining()) {
      buffer.clear();
      long count;
      try {
        count = channel.read(new ByteBuffer[] {rest, buffer});
      } finally {
        buffer.flip();
      }
      if (count < 0) {
        throw new EOFException("the agent closed the connection");
      }
    }
    return payload;
  }
}
