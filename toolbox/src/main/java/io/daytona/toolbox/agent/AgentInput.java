package io.daytona.toolbox.agent;

/** The way into a running process. One thread writes; any may close. */
public interface AgentInput extends AutoCloseable {
  /**
   * Writes to its standard input or terminal, after everything written before; blocks while the
   * process does not read, until {@link #close}.
   *
   * @throws AgentException when the process or the connection has ended, or this was closed
   */
  void write(byte[] bytes, int offset, int length);

  /** Leaves the input open for others; what was written still reaches the process. */
  @Override
  void close();
}
