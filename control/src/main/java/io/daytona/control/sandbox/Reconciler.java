package io.daytona.control.sandbox;

import io.daytona.control.persistence.Times;
import io.daytona.http.LogContext;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.ExitCause;
import io.daytona.wire.runner.Runner;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes rows and reality agree: when the control plane starts, and every few seconds after.
 *
 * <p>Rows in a passing state that no operation of this process looks after are finished; sandboxes
 * that run but should not are ended; rows of sandboxes that should run but do not become {@code
 * stopped}.
 */
final class Reconciler {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);

  /** Begins the reason of an end by the memory limit. */
  static final String OUT_OF_MEMORY = "out of memory";

  /** Begins the reason of an end by the host whose pool of disks was nearly full. */
  static final String POOL_FULL = "no space left on the host";

  private static final Duration LEFT_ALONE = Duration.ofSeconds(5);
  private static final Duration EXIT_PATIENCE = Duration.ofSeconds(60);
  // Control-plane protocol §3.4.
  private static final Duration LONGEST_CREATE = Duration.ofMinutes(15);
  private static final Duration LONGEST_START = Duration.ofMinutes(5);

  private final SandboxStore store;
  private final SandboxIndex index;
  private final Runner runner;
  private final Operations operations;
  private final Bulkhead admission;
  private final Steps steps;
  private final Clock clock;
  private final ExecutorService threads;
  private Set<String> missingBefore = Set.of();

  Reconciler(
      SandboxStore store,
      SandboxIndex index,
      Runner runner,
      Operations operations,
      Bulkhead admission,
      Steps steps,
      Clock clock,
      ExecutorService threads) {
    this.store = store;
    this.index = index;
    this.runner = runner;
    this.operations = operations;
    this.admission = admission;
    this.steps = steps;
    this.clock = clock;
    this.threads = threads;
  }

  /**
   * Takes stock before the first request: afterwards every row that claims to run does, nothing
   * unknown exists on the host, and what was interrupted is being finished in the background.
   */
  void recover() {
    List<Sandbox> rows = store.alive();
    rows.forEach(index::put);
    Set<String> ids = rows.stream().map(Sandbox::id).collect(Collectors.toSet());
    Set<String> removed = runner.retainOnly(ids);
    if (!removed.isEmpty()) {
      LOG.info("removed {} sandboxes that no row knows", removed.size());
    }
    Set<String> running = runner.running();
    for (Sandbox row : rows) {
      if (SandboxTransitions.PASSING.contains(row.state())) {
        resume(row);
      } else if (row.state() == SandboxState.STARTED && !running.contains(row.id())) {
        store.move(
            row.id(),
            SandboxTrigger.EXIT,
            ended(runner.causeOfEnd(row.id()), "did not run when the platform started"));
      } else if (row.state() != SandboxState.STARTED && running.contains(row.id())) {
        end(row.id());
      }
    }
    runner.onExit((id, cause) ->
        threads.execute(() -> {
          LogContext.sandbox(id);
          exited(id, cause);
        }));
  }

  /** Finishes what nobody finishes. */
  void finishAbandoned() {
    Instant settled = Times.now(clock).minus(LEFT_ALONE);
    store.inStates(SandboxTransitions.PASSING, settled).forEach(this::resume);
  }

  /** Compares what should run with what runs. */
  void compareWithHost() {
    // In this order: what runs by now is either in progress or has a row in the index by then.
    Set<String> running = runner.running();
    Set<String> inProgress = operations.sandboxIds();
    Collection<SandboxIndex.Entry> entries = index.all();
    Set<String> known = new HashSet<>();
    Set<String> missing = new HashSet<>();
    for (SandboxIndex.Entry entry : entries) {
      known.add(entry.id());
      boolean runs = running.contains(entry.id());
      if (inProgress.contains(entry.id())) {
        continue;
      }
      if (entry.state() == SandboxState.STARTED && !runs) {
        missing.add(entry.id());
      } else if (runs && rests(entry.state())) {
        end(entry.id());
      }
    }
    // Twice in a row, so that a sandbox started between the two looks is not taken for a dead one.
    missing.stream().filter(missingBefore::contains).forEach(id -> exited(id, ExitCause.ENDED));
    missingBefore = missing;
    running.stream()
        .filter(id -> !known.contains(id) && !inProgress.contains(id))
        .forEach(this::removeUnknown);
  }

  /** Whether a sandbox in this state has no processes. */
  private static boolean rests(SandboxState state) {
    return state != SandboxState.STARTED && !SandboxTransitions.PASSING.contains(state);
  }

  private void removeUnknown(String id) {
    LOG.warn("sandbox {} runs but has no row, it is removed", id);
    operations
        .tryBegin(id, Operation.Kind.RECOVER)
        .ifPresent(operation ->
            threads.execute(() -> {
              try (operation) {
                if (store.find(id).filter(Sandbox::visible).isEmpty()) {
                  steps.destroyQuietly(id);
                }
              }
            }));
  }

  private void end(String id) {
    background(
        id,
        Operation.Kind.RECOVER,
        now -> {
          if (rests(now.state())) {
            LOG.warn("sandbox {} runs but is {}, it is ended", now.id(), now.state().wire());
            steps.stopQuietly(now.id());
          }
        });
  }

  private void resume(Sandbox row) {
    Operation.Kind kind =
        switch (row.state()) {
          case CREATING -> Operation.Kind.CREATE;
          case STARTING -> Operation.Kind.START;
          case STOPPING -> Operation.Kind.STOP;
          default -> Operation.Kind.DELETE;
        };
    background(row.id(), kind, this::finish);
  }

  private void finish(Sandbox row) {
    LOG.info("sandbox {} was left {}, going on", row.id(), row.state().wire());
    switch (row.state()) {
      case CREATING -> start(row, row.createdAt().plus(LONGEST_CREATE), "creating");
      case STARTING -> start(row, row.updatedAt().plus(LONGEST_START), "starting");
      case STOPPING -> steps.stop(row.id(), true);
      case DESTROYING -> steps.destroy(row.id());
      default -> LOG.debug("sandbox {} needs nothing", row.id());
    }
  }

  private void start(Sandbox row, Instant deadline, String doing) {
    if (Times.now(clock).isAfter(deadline)) {
      store.settle(row.id(), SandboxTrigger.FAIL, Change.failed("timeout while " + doing));
      steps.stopQuietly(row.id());
      return;
    }
    Optional<Attempt> made = attempt(row);
    if (made.isEmpty()) {
      return;
    }
    Attempt attempt = made.get();
    Answer unheard = new Answer();
    if (attempt instanceof Attempt.Refused refused) {
      DaytonaException refusal = refused.refusal();
      if (refused.passing()) {
        // Nobody waits for an answer any more: it is tried again until it is too late.
        LOG.info("no room for sandbox {} yet: {}", row.id(), refusal.sentence());
        return;
      }
      attempt = new Attempt.Failed(refusal.sentence(), refusal);
    }
    steps.started(row.id(), SandboxTrigger.REFUSE_START, attempt, unheard);
  }

  /** An attempt to start it when it is its turn; empty when too many others wait. */
  private Optional<Attempt> attempt(Sandbox row) {
    Bulkhead.Hold turn = admission.hold(row.organizationId());
    try {
      turn.take(1, Bulkhead.Caller.STAYS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (DaytonaException e) {
      LOG.info("sandbox {} waits for its turn", row.id());
      return Optional.empty();
    }
    try {
      return Optional.of(Attempt.of(() -> runner.start(row.spec())));
    } finally {
      turn.close();
    }
  }

  /** A sandbox's processes have ended without anybody asking for it. */
  void exited(String id, ExitCause cause) {
    Optional<Operation> begun = operations.tryBegin(id, Operation.Kind.RECOVER);
    try {
      Optional<Operation> other = operations.current(id);
      if (begun.isEmpty() && other.isPresent() && other.get().overWithin(EXIT_PATIENCE)) {
        begun = operations.tryBegin(id, Operation.Kind.RECOVER);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    if (begun.isEmpty()) {
      return; // Still being changed: the next look at what runs sees to it.
    }
    try (Operation operation = begun.get()) {
      if (runner.running().contains(operation.sandboxId())) {
        return;
      }
      store.settle(id, SandboxTrigger.EXIT, ended(cause, "its first process ended"));
    } catch (RuntimeException e) {
      LOG.error("the end of sandbox {} cannot be recorded now", id, e);
    }
  }

  private static Change ended(ExitCause cause, String otherwise) {
    return switch (cause) {
      case ENDED -> Change.because(otherwise);
      case OUT_OF_MEMORY -> Change.failed(OUT_OF_MEMORY + ": its first process was killed");
      case POOL_FULL ->
          Change.failed(
              POOL_FULL
                  + ": its pool of disks was nearly full and this sandbox was filling it fastest,"
                  + " so it was stopped. Its disk is kept: start it again when there is room, or"
                  + " delete it to make some");
    };
  }

  private interface Work {
    void on(Sandbox row);
  }

  /** Does work on the row as it is then, unless the sandbox is being changed already. */
  private void background(String id, Operation.Kind kind, Work work) {
    operations
        .tryBegin(id, kind)
        .ifPresent(operation ->
            threads.execute(() -> {
              try (operation) {
                LogContext.sandbox(id);
                store
                    .find(id)
                    .ifPresent(row -> {
                      LogContext.sandbox(id, row.organizationId());
                      work.on(row);
                    });
              } catch (RuntimeException e) {
                LOG.error("sandbox {} cannot be reconciled now, trying again", id, e);
              }
            }));
  }
}
