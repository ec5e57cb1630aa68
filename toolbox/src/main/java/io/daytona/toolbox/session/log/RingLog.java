package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentProcess;

/** The output of a detached process, kept by the agent. */
public final class RingLog implements CommandLog {
  private final Agent agent;
  private final String process;
  private final Runnable release;
  private long stop;

  /**
   * @param agent keeps it
   * @param process whose output it is
   * @param ended whether the process is known to be at its end
   * @param release called when this object is closed: until then the ring has to stay
   */
  public RingLog(Agent agent, String process, boolean ended, Runnable release) {
    this.agent = agent;
    this.process = process;
    this.release = release;
    this.stop = ended ? Long.MAX_VALUE : -1;
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
  public void close() {
    release.run();
  }
}
