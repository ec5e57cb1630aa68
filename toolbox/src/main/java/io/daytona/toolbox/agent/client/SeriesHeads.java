package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;

/** What the agent says of each file of a series: fields behind their length. */
final class SeriesHeads {
  /** It holds an errno or a size. */
  private static final int MAX_HEAD = 256;

  private static final int MAX_ERRNO = 4_095;

  private final Connection connection;
  private final StreamInput in;

  SeriesHeads(Connection connection, AgentStream stream, Duration patience) {
    this.connection = connection;
    this.in = new StreamInput(stream, patience);
  }

  /**
   * What was said of a file.
   *
   * @param errno 0 when it went well
   * @param size bytes of content that follow
   */
  record Head(int errno, long size) {}

  /**
   * The next one.
   *
   * @throws AgentException when the stream failed, ETIMEDOUT, lost
   */
  Head next() {
    try {
      DataInputStream data = new DataInputStream(in);
      int length = data.readInt();
      if (length < 0 || length > MAX_HEAD) {
        throw new ProtocolViolation("a head of " + Integer.toUnsignedString(length) + " bytes");
      }
      byte[] bytes = new byte[length];
      data.readFully(bytes);
      Fields fields = Fields.parse(bytes, 0, length);
      return new Head(
          (int) fields.number(Tag.ERRNO, 0, 0, MAX_ERRNO),
          fields.number(Tag.SIZE, 0, 0, Long.MAX_VALUE));
    } catch (ProtocolViolation e) {
      throw connection.violated(e);
    } catch (EOFException e) {
      throw connection.violated(new ProtocolViolation("fewer heads than files"));
    } catch (IOException e) {
      if (e.getCause() instanceof AgentException agent) {
        throw agent;
      }
      throw new AgentException(0, AgentException.LOST, String.valueOf(e.getMessage()));
    }
  }

  /** The bytes between the heads. */
  StreamInput content() {
    return in;
  }
}
