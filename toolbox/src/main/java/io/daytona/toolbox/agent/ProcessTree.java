package io.daytona.toolbox.agent;

import io.daytona.toolbox.agent.Agent.Feature;
import java.util.concurrent.TimeUnit;

/** What a program of a sandbox has started, seen as a whole. */
public final class ProcessTree {
  private static final long FIRST_PAUSE_MILLIS = 1;
  private static final long LONGEST_PAUSE_MILLIS = 50;

  private ProcessTree() {}

  /**
   * Waits until nobody is left of an ended program's tree; from an agent without {@link
   * Feature#SUBREAPER} only of its process group. Nothing tells of the end of processes that are
   * not the agent's own, so it asks: soon at first, then less often.
   *
   * @param deadline by {@link System#nanoTime}
   */
  public static void awaitEnd(Agent agent, String process, long deadline)
      throws InterruptedException {
    boolean tree = agent.features().contains(Feature.SUBREAPER);
    long pause = FIRST_PAUSE_MILLIS;
    while (System.nanoTime() < deadline && isAnybodyThere(agent, process, tree)) {
      TimeUnit.MILLISECONDS.sleep(pause);
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  private static boolean isAnybodyThere(Agent agent, String process, boolean tree) {
    try {
      agent.signal(process, 0, tree);
      return true;
    } catch (AgentException e) {
      if (e.errno() == Errno.ESRCH || e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }
}
