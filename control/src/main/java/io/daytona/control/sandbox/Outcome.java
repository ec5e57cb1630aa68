package io.daytona.control.sandbox;

import io.daytona.wire.runner.StartedSandbox;
import org.jspecify.annotations.Nullable;

/**
 * What became of a create or start.
 *
 * @param sandbox the row at the end
 * @param started how it was started; null when it ran already or still starts
 * @param commitNanos time of the statement that made it {@code started}
 */
record Outcome(Sandbox sandbox, @Nullable StartedSandbox started, long commitNanos) {
  static Outcome of(Sandbox sandbox) {
    return new Outcome(sandbox, null, 0);
  }
}
