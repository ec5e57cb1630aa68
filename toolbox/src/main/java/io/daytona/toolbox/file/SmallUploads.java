package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.Agent;
import java.util.concurrent.CompletableFuture;

/**
 * Small files being written to one sandbox, ahead of what becomes of them; the later one of two
 * files of the same name wins. For one thread.
 */
sealed interface SmallUploads extends AutoCloseable permits StreamedUploads, ParallelUploads {
  /** The way that the sandbox's agent knows. */
  static SmallUploads to(Agent agent) {
    return agent.features().contains(Agent.Feature.MANY_FILES)
        ? new StreamedUploads(agent)
        : new ParallelUploads();
  }

  /**
   * Writes a file.
   *
   * @return its size, or a {@link io.daytona.wire.error.DaytonaException}; later
   */
  CompletableFuture<Long> write(SandboxFile file, byte[] content);

  /** Waits until everything has become something. */
  void await();

  @Override
  void close();
}
