package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;

/** What a client is told whose sandbox is in the wrong state (control-plane protocol §3.2). */
final class Refusals {
  private static final String ERRORED = "Sandbox is in an errored state";

  private Refusals() {}

  static DaytonaException cannotStart(Sandbox sandbox) {
    return refusal(sandbox, "Sandbox is not in valid state");
  }

  static DaytonaException cannotStop(Sandbox sandbox) {
    return refusal(sandbox, "Sandbox is not in a stoppable state");
  }

  private static DaytonaException refusal(Sandbox sandbox, String otherwise) {
    if (sandbox.errored()) {
      return DaytonaException.badRequest(ERRORED);
    }
    return SandboxTransitions.PASSING.contains(sandbox.state())
        ? Operations.busy()
        : DaytonaException.badRequest(otherwise);
  }
}
