package io.daytona.toolbox.interpreter;

import io.daytona.http.WebSocket;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.AgentErrors;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One context: its executions one after the other, in the worker that keeps its state. */
final class Context {
  /** Executions that wait at most (toolbox protocol §5.2). */
  static final int MAX_WAITING = 128;

  /** Id of the context that executions without one run in. */
  static final String DEFAULT = "default";

  /** Close code of an execution whose time is up. */
  static final int TIMEOUT = 4008;

  private static final String SHUTDOWN = "context shutdown";
  private static final Logger log = LoggerFactory.getLogger(Context.class);
  private static final Duration FOREVER = Duration.ofDays(36_500);

  /** A worker interrupts and kills itself; this much later it is killed from outside. */
  private static final Duration SELF_CONTROL = Duration.ofSeconds(4);

  private final Agent agent;
  private final ContextLabel label;
  private final Queue<Run> waiting = new ArrayDeque<>();
  private boolean serving;
  private volatile boolean deleted;

  /** Used by the serving thread alone. */
  private @Nullable Worker worker;

  Context(Agent agent, ContextLabel label) {
    this.agent = agent;
    this.label = label;
  }

  /** Starts the worker now instead of with the first execution; before anybody else knows it. */
  void start() throws WorkerUnavailable, InterruptedException {
    worker = Worker.start(agent, label);
  }

  /** The context as clients see it just after it was made. */
  InterpreterContext describe() {
    return label.describe(true);
  }

  /** Adds an execution. */
  void submit(Run run) {
    synchronized (waiting) {
      if (deleted) {
        run.close(WebSocket.POLICY_VIOLATION, "context is not active");
      } else if (waiting.size() >= MAX_WAITING) {
        run.close(
            WebSocket.POLICY_VIOLATION,
            "more than " + MAX_WAITING + " executions wait for this context");
      } else {
        waiting.add(run);
        if (!serving) {
          serving = true;
          Thread.ofVirtual().name("interpreter-" + label.context()).start(this::serveAll);
        }
      }
    }
  }

  /** Ends the worker and everything that runs or waits. */
  void delete() throws InterruptedException {
    synchronized (waiting) {
      deleted = true;
      waiting.forEach(run -> run.close(WebSocket.GOING_AWAY, SHUTDOWN));
      waiting.clear();
    }
    for (Agent.ProcessInfo process : WorkerProcesses.of(agent, label.context())) {
      WorkerProcesses.end(agent, process);
    }
  }

  private void serveAll() {
    while (true) {
      Run run;
      synchronized (waiting) {
        run = waiting.poll();
        if (run == null) {
          serving = false;
          return;
        }
      }
      serve(run);
    }
  }

  private void serve(Run run) {
    try {
      boolean done = execute(run, ready());
      // A worker that ended while nobody used it is made anew once.
      if (!done && !execute(run, ready())) {
        ended(run);
      }
    } catch (WorkerUnavailable e) {
      run.close(WebSocket.SERVER_ERROR, "failed to get " + name() + ": " + e.text());
    } catch (AgentException e) {
      drop();
      run.close(WebSocket.SERVER_ERROR, AgentErrors.of(e).sentence());
    } catch (IOException e) {
      log.warn("a worker does not behave and is ended", e);
      end();
      ended(run);
    } catch (InterruptedException e) {
      drop();
      run.close(WebSocket.GOING_AWAY, "the server is stopping");
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("an execution failed", e);
      drop();
      run.close(WebSocket.SERVER_ERROR, "internal server error");
    }
  }

  private String name() {
    return label.context().equals(DEFAULT) ? "default context" : "context";
  }

  /** The worker: the one at hand, one from before a restart of the platform, or a new one. */
  private Worker ready() throws WorkerUnavailable, IOException, InterruptedException {
    Worker known = worker;
    if (known != null && known.isAlive()) {
      return known;
    }
    drop();
    if (known == null) {
      for (Agent.ProcessInfo process : WorkerProcesses.of(agent, label.context())) {
        if (process.running()) {
          Worker adopted = Worker.adopt(agent, process);
          worker = adopted;
          return adopted;
        }
      }
    }
    Worker started = Worker.start(agent, label);
    worker = started;
    for (Agent.ProcessInfo process : WorkerProcesses.of(agent, label.context())) {
      if (!process.running()) {
        WorkerProcesses.forget(agent, process.process());
      }
    }
    return started;
  }

  /** Runs code; false when the worker had ended before it could begin. */
  private boolean execute(Run run, Worker worker) throws IOException, InterruptedException {
    if (deleted) {
      end();
      run.close(WebSocket.GOING_AWAY, SHUTDOWN);
      return true;
    }
    if (!begin(run, worker)) {
      return false;
    }
    // Since when the worker could have begun, then since when it says that it has.
    long started = System.nanoTime();
    boolean begun = false;
    while (true) {
      Duration left = begun || !worker.isBusy() ? left(run, started) : FOREVER;
      // A worker that never stops talking must not get around the limit.
      switch (left.isZero() ? null : worker.next(left)) {
        case null -> {
          end();
          run.close(TIMEOUT, "");
          return true;
        }
        case WorkerFrame.Ended _ -> {
          drop();
          if (!begun && !deleted) {
            return false;
          }
          closeAfterDeath(run, begun && isOver(run, started));
          return true;
        }
        case WorkerFrame.Start start when start.id().equals(run.id()) -> {
          started = begun ? started : System.nanoTime();
          begun = true;
        }
        case WorkerFrame.Text text when text.id().equals(run.id()) ->
            run.outbox().put(ClientFrame.text(text.stream(), text.text()));
        case WorkerFrame.Failure failure when failure.id().equals(run.id()) ->
            run.outbox()
                .put(ClientFrame.error(failure.name(), failure.value(), failure.traceback()));
        case WorkerFrame.Done done when done.id().equals(run.id()) -> {
          complete(run, done);
          return true;
        }
        case WorkerFrame.Done _ -> started = System.nanoTime(); // now it is the turn of this one
        default -> {} // of a run whose platform was restarted
      }
    }
  }

  private boolean begin(Run run, Worker worker) {
    try {
      worker.run(run.id(), run.code(), run.envs(), run.timeoutSeconds());
      return true;
    } catch (IOException e) {
      log.debug("the worker had ended: {}", e.getMessage());
      drop();
      return false;
    }
  }

  private static Duration left(Run run, long started) {
    if (run.timeoutSeconds() == 0) {
      return FOREVER;
    }
    Duration limit = Duration.ofSeconds(run.timeoutSeconds()).plus(SELF_CONTROL);
    Duration left = limit.minusNanos(System.nanoTime() - started);
    return left.isPositive() ? left : Duration.ZERO;
  }

  private static boolean isOver(Run run, long started) {
    return run.timeoutSeconds() > 0
        && Duration.ofNanos(System.nanoTime() - started).toSeconds() >= run.timeoutSeconds();
  }

  /**
   * Closes without saying {@code interrupted} after a timeout, which several clients would take for
   * success (toolbox protocol §5.2).
   */
  private static void complete(Run run, WorkerFrame.Done done) throws InterruptedException {
    if (done.timedOut()) {
      run.close(TIMEOUT, "");
    } else {
      run.outbox().put(ClientFrame.completed());
      run.close(WebSocket.NORMAL, "");
    }
  }

  private void closeAfterDeath(Run run, boolean timedOut) {
    if (timedOut && !deleted) {
      run.close(TIMEOUT, "");
    } else {
      ended(run);
    }
  }

  private void ended(Run run) {
    run.close(WebSocket.GOING_AWAY, deleted ? SHUTDOWN : "worker process ended");
  }

  private void end() {
    Worker known = worker;
    if (known != null) {
      known.kill();
    }
    drop();
  }

  private void drop() {
    Worker known = worker;
    worker = null;
    if (known != null) {
      known.close();
    }
  }
}
