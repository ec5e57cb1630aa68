package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Upload;
import java.time.Duration;

/** A file that goes over a stream. */
final class StreamUpload implements Upload {
  private final AgentStream stream;
  private final Duration patience;
  private long size;

  /**
   * @param patience how long nothing may go on
   */
  StreamUpload(AgentStream stream, Duration patience) {
    this.stream = stream;
    this.patience = patience;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    stream.send(Protocol.STDIN, bytes, offset, length, patience);
    size += length;
  }

  @Override
  public long commit() {
    stream.sendEof(Protocol.STDIN);
    Received last = stream.nextUnlessInterrupted(patience);
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
