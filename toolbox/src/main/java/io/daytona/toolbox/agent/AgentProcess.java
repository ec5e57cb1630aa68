package io.daytona.toolbox.agent;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A stream to one process. One thread reads; another may write. Closing abandons the stream. */
public interface AgentProcess extends AutoCloseable {
  /** Id that outlives this connection. */
  String process();

  /** Pid inside the sandbox. */
  long pid();

  /** First offset held when attached; 0 after a spawn. */
  long firstOffset();

  /** Bytes of output between the offset asked for and the first one held. */
  long lostBytes();

  /**
   * Where the next piece of output begins: bytes of output of both channels since the process was
   * started. What to give {@link Agent#attach} to go on after the connection was lost.
   */
  long offset();

  /** Writes to standard input or the terminal; blocks on credit. */
  void write(byte[] bytes, int offset, int length);

  /**
   * Writes all of it or nothing, without waiting for credit.
   *
   * @return false when there is not enough credit, when this is no stream that takes input, or when
   *     it has ended
   */
  boolean offer(byte[] bytes);

  /** Ends standard input. */
  void endInput();

  /**
   * The next piece of output; null when the timeout passed first. After {@link Output.Exit} nothing
   * comes, and nothing after the {@link Output.End} of a stream that does not follow a process
   * which still runs.
   *
   * @throws AgentException {@link AgentException#LOST}, or {@link AgentException#OVERRUN} of a
   *     detached process, once what came before has been taken
   */
  @Nullable Output next(Duration timeout) throws InterruptedException;

  @Override
  void close();

  /** What a process gave. */
  sealed interface Output {
    /**
     * Bytes of output.
     *
     * @param channel 1 stdout or terminal, 2 stderr
     * @param bytes the bytes, owned by the receiver
     */
    record Chunk(int channel, byte[] bytes) implements Output {}

    /**
     * A channel ended.
     *
     * @param channel 1 or 2
     */
    record End(int channel) implements Output {}

    /**
     * The process ended.
     *
     * @param status exit code, or minus the signal
     */
    record Exit(int status) implements Output {}
  }
}
