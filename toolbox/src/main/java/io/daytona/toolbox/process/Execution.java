package io.daytona.toolbox.process;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Feeds a started program, gathers its output and waits for its end. */
final class Execution {
  private static final Logger log = LoggerFactory.getLogger(Execution.class);
  private static final int SIGKILL = 9;

  /**
   * The agent takes this much input at once whether or not the program reads (its first credit).
   */
  private static final int TAKEN_AT_ONCE = 256 * 1024;

  private Execution() {}

  /**
   * Runs a program to its end. A child that it left in the background and that still holds its
   * output does not delay the end.
   *
   * @param stdin what the program reads
   * @param limit how long it may run; then its whole process group is killed
   * @param output takes what it writes
   * @return its exit code, −1 after a signal; empty when it was killed by the limit
   */
  static OptionalInt run(
      Agent agent, AgentProcess process, byte[] stdin, Duration limit, OutputCapture output)
      throws InterruptedException {
    long start = System.nanoTime();
    feed(process, stdin);
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

  private static void feed(AgentProcess process, byte[] stdin) {
    if (stdin.length <= TAKEN_AT_ONCE) {
      write(process, stdin);
    } else {
      // A program that writes before it has read everything must not block both sides.
      Thread.ofVirtual().name("exec-stdin").start(() -> write(process, stdin));
    }
  }

  /** A program may end or close its input without reading all of it; that is no error. */
  private static void write(AgentProcess process, byte[] stdin) {
    try {
      process.write(stdin, 0, stdin.length);
      process.endInput();
    } catch (AgentException e) {
      log.debug("input of process {} was not read to its end: {}", process.pid(), e.getMessage());
    }
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
