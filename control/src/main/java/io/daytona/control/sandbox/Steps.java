package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.Runner;
import io.daytona.wire.runner.StartedSandbox;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The second halves of operations: what follows once a row is in a passing state. Clients' requests
 * and the reconciler take the same steps; whoever calls holds the sandbox's {@link Operation}.
 */
final class Steps {
  private static final Logger LOG = LoggerFactory.getLogger(Steps.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final SandboxStore store;
  private final Runner runner;

  Steps(SandboxStore store, Runner runner) {
    this.store = store;
    this.runner = runner;
  }

  /**
   * Records how a start ended.
   *
   * @param refused the transition when the host refused
   * @param answer hears of it
   */
  void started(String id, SandboxTrigger refused, Attempt attempt, Answer answer) {
    switch (attempt) {
      case Attempt.Started(StartedSandbox sandbox) -> running(id, sandbox, answer);
      case Attempt.Refused(DaytonaException refusal) -> {
        answer.willBe(refusal);
        Optional<Sandbox> undone = store.settle(id, refused, Change.because(refusal.sentence()));
        answer.failed(refusal);
        if (undone.isEmpty()) {
          overtaken(id);
        }
      }
      case Attempt.Failed(String reason, RuntimeException cause) -> {
        LOG.error("sandbox {} failed to start", id, cause);
        DaytonaException told = failedToStart(reason);
        answer.willBe(told);
        Optional<Sandbox> failed = store.settle(id, SandboxTrigger.FAIL, Change.failed(reason));
        answer.failed(told);
        if (failed.isEmpty()) {
          overtaken(id);
        }
      }
    }
  }

  /** What a client is told whose new sandbox is in state {@code error}. */
  static DaytonaException failedToStart(String reason) {
    return DaytonaException.badRequest("Sandbox failed to start: " + reason);
  }

  private void running(String id, StartedSandbox started, Answer answer) {
    long begin = System.nanoTime();
    Optional<Sandbox> row =
        store.settle(id, SandboxTrigger.RUN, Change.running(started.agentVersion()));
    if (row.isPresent()) {
      answer.is(new Outcome(row.get(), started, System.nanoTime() - begin));
      return;
    }
    answer.failed(overtaken(id));
  }

  /** The row is not where it was left: it was deleted meanwhile, or lost in a crash. */
  private DaytonaException overtaken(String id) {
    Optional<Sandbox> row = store.find(id);
    if (row.isEmpty()) {
      destroyQuietly(id);
      return DaytonaException.unavailable(
          "The sandbox was lost while the database restarted. Try again", RETRY_AFTER);
    }
    switch (row.get().state()) {
      case DESTROYING -> destroy(id);
      case DESTROYED -> destroyQuietly(id);
      case STOPPED -> stopQuietly(id);
      default -> LOG.warn("sandbox {} is {} unexpectedly", id, row.get().state().wire());
    }
    return row.get().visible() && row.get().state() != SandboxState.DESTROYING
        ? DaytonaException.unavailable("The sandbox could not be started. Try again", RETRY_AFTER)
        : DaytonaException.conflict("Sandbox was deleted while it was being created");
  }

  /**
   * Ends the processes of a sandbox that is stopping.
   *
   * @return the stopped row; empty when the host failed, then the reconciler tries again
   */
  Optional<Sandbox> stop(String id, boolean force) {
    try {
      runner.stop(id, force);
    } catch (RuntimeException e) {
      LOG.error("sandbox {} cannot be stopped now, trying again", id, e);
      return Optional.empty();
    }
    return store.settle(id, SandboxTrigger.STOPPED_AS_ASKED, Change.NONE);
  }

  /** Removes what is left of a sandbox that is being destroyed. */
  void destroy(String id) {
    if (destroyQuietly(id)) {
      store.settle(id, SandboxTrigger.GONE, Change.NONE);
    }
  }

  /** Removes a sandbox from its host; when that fails the reconciler finds it again. */
  boolean destroyQuietly(String id) {
    try {
      runner.destroy(id);
      return true;
    } catch (RuntimeException e) {
      LOG.error("sandbox {} cannot be removed now, trying again", id, e);
      return false;
    }
  }

  /** Ends processes that should not run; when that fails the reconciler finds them again. */
  void stopQuietly(String id) {
    try {
      runner.stop(id, true);
    } catch (RuntimeException e) {
      LOG.error("sandbox {} cannot be stopped now, trying again", id, e);
    }
  }
}
