package io.daytona.toolbox.session.log;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reads one log from its beginning. One thread reads; any may close. */
public interface LogReader extends AutoCloseable {
  /**
   * The next record.
   *
   * @param wait whether to wait for one
   * @return null at the end, or when there is none now and it was not to wait
   * @throws io.daytona.toolbox.agent.AgentException when the sandbox went away or the reader was
   *     closed
   */
  @Nullable LogRecord next(boolean wait) throws IOException, InterruptedException;

  /** Bytes of output that were dropped before they could be read, so far. */
  long lost();

  @Override
  void close();
}
