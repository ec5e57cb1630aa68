package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The changes in progress in this process: at most one for each sandbox. */
final class Operations {
  private static final Duration LETTING_GO = Duration.ofMillis(500);

  private final ConcurrentHashMap<String, Operation> running = new ConcurrentHashMap<>();

  /**
   * Begins a change.
   *
   * @throws DaytonaException 409 while another one is in progress
   */
  Operation begin(String sandboxId, Operation.Kind kind) {
    return tryBegin(sandboxId, kind).orElseThrow(Operations::busy);
  }

  /**
   * Begins a change of a sandbox whose row was just seen.
   *
   * <p>A row is written as settled a moment before its operation lets go; whoever saw it settled is
   * not refused for that moment.
   *
   * @throws DaytonaException 409 while another one is in progress
   */
  Operation begin(Sandbox seen, Operation.Kind kind) throws InterruptedException {
    Optional<Operation> own = tryBegin(seen.id(), kind);
    if (own.isEmpty() && !SandboxTransitions.PASSING.contains(seen.state())) {
      Optional<Operation> ending = current(seen.id());
      if (ending.isEmpty() || ending.get().overWithin(LETTING_GO)) {
        own = tryBegin(seen.id(), kind);
      }
    }
    return own.orElseThrow(Operations::busy);
  }

  /** Begins a change; empty while another one is in progress. */
  Optional<Operation> tryBegin(String sandboxId, Operation.Kind kind) {
    Operation operation =
        new Operation(sandboxId, kind, over -> running.remove(over.sandboxId(), over));
    return running.putIfAbsent(sandboxId, operation) == null
        ? Optional.of(operation)
        : Optional.empty();
  }

  /** The change in progress. */
  Optional<Operation> current(String sandboxId) {
    return Optional.ofNullable(running.get(sandboxId));
  }

  /** Sandboxes that are being changed. */
  Set<String> sandboxIds() {
    return Set.copyOf(running.keySet());
  }

  /** The error of a request that meets a change in progress (control-plane protocol §1.2). */
  static DaytonaException busy() {
    return DaytonaException.conflict("Sandbox state change in progress");
  }
}
