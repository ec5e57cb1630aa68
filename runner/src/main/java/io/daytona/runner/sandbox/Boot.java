package io.daytona.runner.sandbox;

import io.daytona.wire.error.DaytonaException;

/** One start in progress, which a destroy may cancel. */
final class Boot {
  private volatile boolean cancelled;
  private volatile boolean running;

  /**
   * Marks it cancelled: it fails at its next step.
   *
   * @return whether the sandbox runs already, so that only killing it ends the wait for its agent
   */
  boolean cancel() {
    cancelled = true;
    return running;
  }

  boolean cancelled() {
    return cancelled;
  }

  /** The jailer has started the sandbox. */
  void entered() {
    running = true;
    check();
  }

  /** Fails when cancelled. */
  void check() {
    if (cancelled) {
      throw cancellation();
    }
  }

  static DaytonaException cancellation() {
    return DaytonaException.conflict("The sandbox was deleted while it was being started");
  }
}
