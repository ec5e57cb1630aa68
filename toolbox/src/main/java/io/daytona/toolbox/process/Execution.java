package io.daytona.toolbox.process;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Gathers the output of a started program and waits for its end. */
final class Execution {
  private static final int SIGKILL = 9;

  /** What a killed program had written is in its pipes already. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private Execution() {}

  /**
   * How a program ended.
   *
   * @param status exit code, or minus the signal
   * @param timedOut whether it was killed because its time was up
   */
  record Ending(int status, boolean timedOut) {
    /** The exit code as clients know it: −1 after a signal (toolbox protocol §2.1). */
    int exitCode() {
      return Math.max(status, -1);
    }
  }

  /**
   * Runs a program to its end. A child that it left in the background and that still holds its
   * output does not delay the end.
   *
   * @param limit how long it may run; then its whole process group is killed
   * @param output takes what it writes
   */
  static Ending run(Agent agent, AgentProcess process, Duration limit, CapturedOutput output)
      throws InterruptedException {
    Integer status = follow(process, limit, output);
    boolean timedOut = status == null;
    if (timedOut) {
      signal(agent, process, SIGKILL, false);
      status = follow(process, LAST_WORDS, output);
    }
    output.finish();
    return new Ending(status == null ? -SIGKILL : status, timedOut);
  }

  /** The program's status; null when the time was up first. */
  private static @Nullable Integer follow(
      AgentProcess process, Duration limit, CapturedOutput output) throws InterruptedException {
    long start = System.nanoTime();
    OutputPace pace = new OutputPace();
    while (true) {
      Duration left = limit.minusNanos(System.nanoTime() - start);
      switch (next(process, left)) {
        case null -> {
          return null;
        }
        case Output.Chunk chunk -> {
          output.add(chunk.channel(), chunk.bytes());
          Duration pause = pace.after(chunk.bytes().length, System.nanoTime());
          if (pause.isPositive()) {
            Thread.sleep(pause);
          }
        }
        case Output.End _ -> {}
        case Output.Exit exit -> {
          return exit.status();
        }
      }
    }
  }

  private static @Nullable Output next(AgentProcess process, Duration left)
      throws InterruptedException {
    return left.isPositive() ? process.next(left) : null;
  }

  /**
   * Signals the process group, or with {@code tree} what it started, too; its end may come first.
   */
  static void signal(Agent agent, AgentProcess process, int signal, boolean tree) {
    try {
      agent.signal(process.process(), signal, tree);
    } catch (AgentException e) {
      if (e.errno() != Errno.ESRCH && e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
