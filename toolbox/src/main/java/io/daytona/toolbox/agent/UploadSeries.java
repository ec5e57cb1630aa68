package io.daytona.toolbox.agent;

/**
 * Files being written one after the other, each put in place when it is whole. Results are told
 * later than files are given. For one thread. After an exception only {@link #close} is of use: it
 * is not known then what became of the files without a result.
 */
public interface UploadSeries extends AutoCloseable {
  /**
   * Gives a file; blocks while the sandbox does not take what was given before.
   *
   * @throws AgentException ETIMEDOUT when it takes nothing for too long, or the connection broke
   */
  void write(String path, byte[] content);

  /**
   * What became of the oldest file without a result: 0, or an errno. Waits for it.
   *
   * @throws AgentException ETIMEDOUT when that takes too long, or the connection broke
   */
  int result();

  /** Undoes the file that was not given whole, if any. */
  @Override
  void close();
}
