package io.daytona.control.sandbox;

import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.Runner;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Creates, starts, stops and deletes sandboxes for clients.
 *
 * <p>The work itself goes on when the client is gone: each operation runs on a thread of its own
 * and the request only waits for it. What PostgreSQL could not be told is told as soon as it
 * answers again.
 */
final class Lifecycle {
  // A sandbox without programs stops this fast; then the client is spared a round of polling.
  private static final Duration STOP_PATIENCE = Duration.ofMillis(10);
  private static final Duration CANCEL_PATIENCE = Duration.ofSeconds(5);

  private final SandboxStore store;
  private final Runner runner;
  private final Operations operations;
  private final Bulkhead admission;
  private final Steps steps;
  private final Tokens tokens;
  private final Executor threads;

  Lifecycle(
      SandboxStore store,
      Runner runner,
      Operations operations,
      Bulkhead admission,
      Steps steps,
      Tokens tokens,
      Executor threads) {
    this.store = store;
    this.runner = runner;
    this.operations = operations;
    this.admission = admission;
    this.steps = steps;
    this.tokens = tokens;
    this.threads = threads;
  }

  /**
   * Makes a sandbox and waits until it has started.
   *
   * @param wish its row
   * @param ownName whether the name was chosen by the client and so may be taken
   * @param caller who waits for its turn
   * @throws DaytonaException 409 when the name is taken, 503 or 429 when there is no room: nothing
   *     is left of it then; 400 when it failed to start: it stays in state {@code error}
   */
  Outcome create(Sandbox wish, boolean ownName, Bulkhead.Caller caller)
      throws InterruptedException {
    Operation operation = operations.begin(wish.id(), Operation.Kind.CREATE);
    Bulkhead.Hold turn = admitted(operation, wish.organizationId(), caller);
    Answer answer = new Answer();
    threads.execute(() -> {
      try (operation;
          turn) {
        creating(wish, ownName, answer);
      } catch (RuntimeException | Error e) {
        answer.failed(e);
      }
    });
    return answer.await();
  }

  private void creating(Sandbox wish, boolean ownName, Answer answer) {
    // The row's commit and the start overlap: a sandbox without a row is removed by recovery. Not
    // so when the name may be taken, because then a refused sandbox would have run for a moment.
    threads.execute(() -> insert(wish, answer));
    if (ownName) {
      Throwable why = answer.unrecorded();
      if (why != null) {
        refused(wish, why, answer, false);
        return;
      }
    }
    Attempt attempt = Attempt.of(() -> runner.start(wish.spec()));
    Throwable why = answer.unrecorded();
    if (why != null) {
      refused(wish, why, answer, true);
      return;
    }
    steps.started(wish.id(), SandboxTrigger.REFUSE_CREATE, attempt, answer);
  }

  private void insert(Sandbox wish, Answer answer) {
    try {
      answer.recorded(store.insert(wish));
    } catch (RuntimeException | Error e) {
      answer.unrecorded(e);
    }
  }

  private void refused(Sandbox wish, Throwable why, Answer answer, boolean mayRun) {
    answer.failed(why);
    if (mayRun) {
      steps.destroyQuietly(wish.id());
    }
    boolean nameTaken =
        why instanceof DaytonaException refusal && refusal.kind() == ErrorKind.CONFLICT;
    if (!nameTaken) {
      // The answer of PostgreSQL was lost, not necessarily the row.
      store.settle(wish.id(), SandboxTrigger.REFUSE_CREATE, Change.because("the client got 503"));
    }
  }

  /**
   * Starts a stopped sandbox and waits until it has started.
   *
   * @param caller who waits for its turn
   * @throws DaytonaException 400 from another state, 409 while it changes, 503 or 429 when there is
   *     no room
   */
  Outcome start(Sandbox sandbox, Bulkhead.Caller caller) throws InterruptedException {
    if (sandbox.state() == SandboxState.STARTED) {
      return Outcome.of(sandbox);
    }
    Operation operation = operations.begin(sandbox, Operation.Kind.START);
    Bulkhead.Hold turn = admitted(operation, sandbox.organizationId(), caller);
    Answer answer = new Answer();
    threads.execute(() -> {
      try (operation;
          turn) {
        starting(sandbox.id(), answer);
      } catch (RuntimeException | Error e) {
        answer.failed(e);
      }
    });
    return answer.await();
  }

  private void starting(String id, Answer answer) {
    Optional<Sandbox> moved = store.move(id, SandboxTrigger.START, Change.token(tokens.next()));
    if (moved.isEmpty()) {
      Sandbox now = store.find(id).filter(Sandbox::visible).orElseThrow(Lifecycle::gone);
      if (now.state() != SandboxState.STARTED) {
        throw Refusals.cannotStart(now);
      }
      answer.is(Outcome.of(now));
      return;
    }
    Sandbox sandbox = moved.get();
    answer.recorded(sandbox);
    Attempt attempt = Attempt.of(() -> runner.start(sandbox.spec()));
    steps.started(id, SandboxTrigger.REFUSE_START, attempt, answer);
  }

  /**
   * Stops a running sandbox; an ephemeral one is deleted instead (control-plane protocol §3.2).
   *
   * @param force whether its programs are killed at once
   * @param reason why, for the journal
   * @return the row when it has stopped within a moment, else while it stops
   * @throws DaytonaException 400 when it does not run, 409 while it changes
   */
  Sandbox stop(Sandbox sandbox, boolean force, String reason) throws InterruptedException {
    if (sandbox.ephemeral() && sandbox.state() == SandboxState.STARTED) {
      return delete(sandbox, reason + " (ephemeral)");
    }
    Operation operation = operations.begin(sandbox, Operation.Kind.STOP);
    Sandbox stopping;
    try {
      stopping =
          store
              .move(sandbox.id(), SandboxTrigger.STOP, Change.because(reason))
              .orElseThrow(() -> Refusals.cannotStop(current(sandbox.id())));
    } catch (RuntimeException | Error e) {
      operation.close();
      throw e;
    }
    CompletableFuture<Sandbox> stopped = new CompletableFuture<>();
    threads.execute(() -> {
      try (operation) {
        stopped.complete(steps.stop(sandbox.id(), force).orElse(stopping));
      }
    });
    try {
      return stopped.get(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return stopping;
    }
  }

  /**
   * Deletes a sandbox; one that is being created is cancelled. Its name is free at once, its
   * processes and disk go in the background.
   *
   * @param reason why, for the journal
   * @return the row while it is destroyed
   * @throws DaytonaException 409 while it starts or stops
   */
  Sandbox delete(Sandbox sandbox, String reason) throws InterruptedException {
    String id = sandbox.id();
    Optional<Operation> own = operations.tryBegin(id, Operation.Kind.DELETE);
    if (own.isEmpty()) {
      Optional<Operation> other = operations.current(id);
      if (other.filter(running -> running.kind() == Operation.Kind.CREATE).isPresent()) {
        Optional<Sandbox> cancelled = cancel(id, other.get(), reason);
        if (cancelled.isPresent()) {
          return cancelled.get();
        }
      }
      Sandbox now = current(id);
      if (now.state() != SandboxState.DESTROYING
          && other.filter(running -> running.kind() == Operation.Kind.DELETE).isPresent()
          && other.get().overWithin(CANCEL_PATIENCE)) {
        now = current(id);
      }
      if (now.state() == SandboxState.DESTROYING) {
        return now;
      }
      own = Optional.of(operations.begin(now, Operation.Kind.DELETE));
    }
    Operation operation = own.get();
    Sandbox destroying;
    try {
      destroying = destroying(id, reason);
    } catch (RuntimeException | Error e) {
      operation.close();
      throw e;
    }
    threads.execute(() -> {
      try (operation) {
        steps.destroy(id);
      }
    });
    return destroying;
  }

  /**
   * Takes a sandbox away from its creation, which then cleans up; empty when it was too late.
   *
   * <p>Only while it is being created: one that has just been made {@code started} is past the
   * place where it cleans up, so its sandbox is deleted like any other.
   */
  private Optional<Sandbox> cancel(String id, Operation creation, String reason)
      throws InterruptedException {
    Optional<Sandbox> cancelled =
        store
            .moveFrom(SandboxState.CREATING, id, SandboxTrigger.DELETE, Change.because(reason))
            // Somebody else has cancelled it already.
            .or(() -> store.find(id).filter(row -> row.state() == SandboxState.DESTROYING));
    if (cancelled.isEmpty() && !creation.overWithin(CANCEL_PATIENCE)) {
      throw Operations.busy();
    }
    return cancelled;
  }

  private Sandbox destroying(String id, String reason) {
    return store
        .move(id, SandboxTrigger.DELETE, Change.because(reason))
        .or(() -> store.find(id).filter(row -> row.state() == SandboxState.DESTROYING))
        .orElseThrow(Lifecycle::gone);
  }

  private Sandbox current(String id) {
    return store.find(id).filter(Sandbox::visible).orElseThrow(Lifecycle::gone);
  }

  private Bulkhead.Hold admitted(Operation operation, String organizationId, Bulkhead.Caller caller)
      throws InterruptedException {
    try {
      Bulkhead.Hold turn = admission.hold(organizationId);
      turn.take(1, caller);
      return turn;
    } catch (InterruptedException | RuntimeException e) {
      operation.close();
      throw e;
    }
  }

  private static DaytonaException gone() {
    return DaytonaException.notFound("Sandbox not found");
  }
}
