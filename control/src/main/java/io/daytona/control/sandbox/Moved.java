package io.daytona.control.sandbox;

import io.daytona.wire.sandbox.SandboxState;
import org.jspecify.annotations.Nullable;

/**
 * A committed transition.
 *
 * @param sandbox the row after it
 * @param from the state before; null when an earlier attempt had moved it
 */
record Moved(Sandbox sandbox, @Nullable SandboxState from) {}
