package io.daytona.control.sandbox;

import io.daytona.wire.sandbox.SandboxState;
import java.util.Map;

/**
 * Levels of the control plane, for metrics.
 *
 * @param byState how many sandboxes are in each state; absent states have none, destroyed ones are
 *     not counted
 */
public record SandboxLevels(Map<SandboxState, Integer> byState) {
  /** Keeps a copy. */
  public SandboxLevels {
    byState = Map.copyOf(byState);
  }
}
