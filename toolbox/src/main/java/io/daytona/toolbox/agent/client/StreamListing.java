package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Entries of a directory that come over a stream, one decoded at a time. */
final class StreamListing implements FileListing {
  /** A name takes at most 255 bytes, a link's target 4,096. */
  private static final int MAX_ENTRY = 16_384;

  private final Connection connection;
  private final AgentStream stream;
  private final DataInputStream in;

  StreamListing(Connection connection, AgentStream stream) {
    this.connection = connection;
    this.stream = stream;
    this.in = new DataInputStream(new StreamInput(stream));
  }

  @Override
  public @Nullable FileStat next() throws InterruptedException {
    try {
      int first = in.read();
      if (first < 0) {
        return null;
      }
      int length = first << 24 | in.readUnsignedByte() << 16 | in.readUnsignedShort();
      if (length < 0 || length > MAX_ENTRY) {
        throw new ProtocolViolation("an entry of " + Integer.toUnsignedString(length) + " bytes");
      }
      byte[] entry = new byte[length];
      in.readFully(entry);
      FileStat stat = FileStats.of(Fields.parse(entry, 0, length));
      if (stat.name().isEmpty() || stat.name().indexOf('/') >= 0) {
        throw new ProtocolViolation("an entry with an impossible name");
      }
      return stat;
    } catch (ProtocolViolation e) {
      throw connection.violated(e);
    } catch (EOFException e) {
      throw connection.violated(new ProtocolViolation("an entry that is cut short"));
    } catch (IOException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("the wait was interrupted");
      }
      if (e.getCause() instanceof AgentException agent) {
        throw agent;
      }
      throw new AgentException(0, AgentException.LOST, String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void close() {
    stream.close();
  }
}
