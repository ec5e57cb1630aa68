package io.daytona.toolbox.agent;

/** A file being written; closing before {@link #commit} leaves nothing behind. */
public interface Upload extends AutoCloseable {
  /**
   * Sends bytes; blocks on credit.
   *
   * @throws AgentException ETIMEDOUT when the sandbox takes nothing for too long
   */
  void write(byte[] bytes, int offset, int length);

  /** Makes the file visible under its name and returns its size in bytes. */
  long commit();

  @Override
  void close();
}
