package io.daytona.toolbox.interpreter;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.ProcessTree;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The workers among the processes of a sandbox, which knows best what contexts there are. */
final class WorkerProcesses {
  private static final Logger log = LoggerFactory.getLogger(WorkerProcesses.class);
  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;
  private static final Duration GRACE = Duration.ofSeconds(2);

  private WorkerProcesses() {}

  /**
   * A worker's process.
   *
   * @param info the process
   * @param label its label
   */
  record Found(ProcessInfo info, ContextLabel label) {}

  /** The workers, one for each context: the running one, else the newest. Oldest context first. */
  static List<Found> all(Agent agent) {
    Map<String, Found> found = new LinkedHashMap<>();
    for (ProcessInfo info : agent.processes()) {
      ContextLabel.parse(info.label())
          .ifPresent(label ->
              found.merge(
                  label.context(),
                  new Found(info, label),
                  (newer, older) -> older.info.running() ? older : newer));
    }
    List<Found> all = new ArrayList<>(found.values());
    all.sort(Comparator.comparing(one -> one.label.createdAt()));
    return all;
  }

  /** All processes that were ever a context's worker and are still known. */
  static List<ProcessInfo> of(Agent agent, String context) {
    return agent.processes().stream()
        .filter(info ->
            ContextLabel.parse(info.label())
                .filter(label -> label.context().equals(context))
                .isPresent())
        .toList();
  }

  /** Signals a worker and all it started; it may have ended meanwhile. */
  static void signal(Agent agent, String process, int signal) {
    try {
      agent.signal(process, signal, true);
    } catch (AgentException e) {
      ignoreAbsent(e);
    }
  }

  /** Removes the record of an ended worker; it may be gone already. */
  static void forget(Agent agent, String process) {
    try {
      agent.forget(process);
    } catch (AgentException e) {
      ignoreAbsent(e);
    }
  }

  /** Ends a worker: SIGTERM, two seconds later SIGKILL (toolbox protocol §5.1). */
  static void end(Agent agent, ProcessInfo worker) throws InterruptedException {
    long deadline = System.nanoTime() + GRACE.toNanos();
    signal(agent, worker.process(), SIGTERM);
    boolean ended = !worker.running() || awaitExit(agent, worker);
    ProcessTree.awaitEnd(agent, worker.process(), deadline);
    signal(agent, worker.process(), SIGKILL);
    if (!ended) {
      awaitExit(agent, worker);
    }
    forget(agent, worker.process());
  }

  private static boolean awaitExit(Agent agent, ProcessInfo worker) throws InterruptedException {
    long deadline = System.nanoTime() + GRACE.toNanos();
    try (AgentProcess process = agent.attach(worker.process(), worker.offset(), true)) {
      while (true) {
        Duration left = Duration.ofNanos(deadline - System.nanoTime());
        switch (left.isPositive() ? process.next(left) : null) {
          case null -> {
            return false;
          }
          case Output.Exit _ -> {
            return true;
          }
          default -> {}
        }
      }
    } catch (AgentException e) {
      ignoreAbsent(e);
      return true;
    }
  }

  private static void ignoreAbsent(AgentException e) {
    if (e.errno() != Errno.ESRCH && e.errno() != Errno.ENOENT) {
      throw e;
    }
    log.debug("the worker is gone already: {}", e.getMessage());
  }
}
