package io.daytona.toolbox.session.log;

/** The output of one command, wherever it is kept; it is kept at least until this is closed. */
public interface CommandLog extends AutoCloseable {
  /**
   * Reads what there is now; of a command that has ended, everything. Repeated calls on one object
   * read the same.
   *
   * @throws io.daytona.toolbox.agent.AgentException when it cannot be read
   */
  LogReader snapshot();

  /** Reads everything until the command has ended. */
  LogReader follow();

  /**
   * Waits, two seconds at most, until the exit code is known: who has followed a log to its end
   * asks for it next, and it comes by another way than the output.
   */
  default void awaitExit() throws InterruptedException {}

  @Override
  default void close() {}
}
