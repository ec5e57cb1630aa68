package io.daytona.toolbox.process;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Gathers the output of a started program and waits for its end. */
final class Execution {
  private static final int SIGKILL = 9;

  private Execution() {}

  /**
   * Runs a program to its end. A child that it left in the background and that still holds its
   * output does not delay the end.
   *
   * @param limit how long it may run; then its whole process group is killed
   * @param output takes what it writes
   * @return its exit code, −1 after a signal; empty when it was killed by the limit
   */
  static OptionalInt run(Agent agent, AgentProcess process, Duration limit, OutputCapture output)
      throws InterruptedException {
    long start = System.nanoTime();
    while (true) {
      Duration left = limit.minusNanos(System.nanoTime() - start);
      switch (next(process, left)) {
        case null -> {
          kill(agent, process);
          return OptionalInt.empty();
        }
        case Output.Chunk chunk -> output.add(chunk.bytes());
        case Output.End _ -> {}
        case Output.Exit exit -> {
          return OptionalInt.of(exit.status() < 0 ? -1 : exit.status());
        }
      }
    }
  }

  private static @Nullable Output next(AgentProcess process, Duration left)
      throws InterruptedException {
    return left.isPositive() ? process.next(left) : null;
  }

  /** Kills the process group; its end may have come first. */
  static void kill(Agent agent, AgentProcess process) {
    try {
      agent.signal(process.process(), SIGKILL, false);
    } catch (AgentException e) {
      if (e.errno() != Errno.ESRCH && e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
