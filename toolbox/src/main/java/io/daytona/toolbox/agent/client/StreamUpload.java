package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Upload;
import java.time.Duration;

/** A file that goes over a stream. */
final class StreamUpload implements Upload {
  /** Flushing to a slow disk and renaming. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final AgentStream stream;
  private long size;

  StreamUpload(AgentStream stream) {
    this.stream = stream;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    stream.send(Protocol.STDIN, bytes, offset, length);
    size += length;
  }

  @Override
  public long commit() {
    stream.sendEof(Protocol.STDIN);
    Received last = stream.nextUnlessInterrupted(PATIENCE);
    if (!(last instanceof Received.Exit exit) || exit.status() != 0) {
      throw new AgentException(
          Errno.ETIMEDOUT, "timeout", "the sandbox did not finish writing the file");
    }
    return size;
  }

  @Override
  public void close() {
    stream.close();
  }
}
