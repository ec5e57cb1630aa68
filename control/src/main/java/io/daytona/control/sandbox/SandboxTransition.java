package io.daytona.control.sandbox;

import io.daytona.wire.sandbox.SandboxState;
import org.jspecify.annotations.Nullable;

/**
 * One allowed change of a sandbox's state.
 *
 * @param from state before; null for a sandbox that does not exist yet
 * @param to state after
 * @param trigger why
 */
public record SandboxTransition(
    @Nullable SandboxState from, SandboxState to, SandboxTrigger trigger) {

  /** Name of the failpoint that is passed once this change is committed. */
  public String failpoint() {
    return failpoint(from, to);
  }

  static String failpoint(@Nullable SandboxState from, SandboxState to) {
    return "sandbox." + (from == null ? "new" : from.wire()) + "-" + to.wire();
  }
}
