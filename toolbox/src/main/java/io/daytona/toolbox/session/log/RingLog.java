package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentProcess;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The output of a detached process, kept by the agent. */
public final class RingLog implements CommandLog {
  private static final long EXIT_SECONDS = 2;

  private final Agent agent;
  private final String process;
  private final Future<?> exit;
  private final Runnable release;
  private long stop;

  /**
   * @param agent keeps it
   * @param process whose output it is
   * @param exit done when the command is known to be at its end
   * @param release called when this object is closed: until then the ring has to stay
   */
  public RingLog(Agent agent, String process, Future<?> exit, Runnable release) {
    this.agent = agent;
    this.process = process;
    this.exit = exit;
    this.release = release;
    this.stop = exit.state() == Future.State.SUCCESS ? Long.MAX_VALUE : -1;
  }

  @Override
  public LogReader snapshot() {
    if (stop < 0) {
      // Attaching beyond the end shows where the end is.
      try (AgentProcess end = agent.attach(process, Long.MAX_VALUE, true)) {
        stop = end.offset();
      }
    }
    return new RingReader(agent, process, stop);
  }

  @Override
  public LogReader follow() {
    return new RingReader(agent, process, Long.MAX_VALUE);
  }

  @Override
  public void awaitExit() throws InterruptedException {
    try {
      exit.get(EXIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return; // the sandbox went away, or somebody else closed the command's output
    }
  }

  @Override
  public void close() {
    release.run();
  }
}
