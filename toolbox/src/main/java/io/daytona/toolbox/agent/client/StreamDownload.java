package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.FileStat;
import java.io.InputStream;
import java.time.Duration;

/** A file that comes over a stream. */
final class StreamDownload implements Download {
  private final AgentStream stream;
  private final FileStat stat;
  private final InputStream bytes;

  /**
   * @param patience how long nothing may come
   */
  StreamDownload(AgentStream stream, FileStat stat, Duration patience) {
    this.stream = stream;
    this.stat = stat;
    this.bytes = new StreamInput(stream, patience);
  }

  @Override
  public FileStat stat() {
    return stat;
  }

  @Override
  public InputStream bytes() {
    return bytes;
  }

  @Override
  public void close() {
    stream.close();
  }
}
