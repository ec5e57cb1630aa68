package io.daytona.control.sandbox;

import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Rows for tests. */
final class SandboxRows {
  private SandboxRows() {}

  /** A complete row with a random id. */
  static Sandbox of(String organization, SandboxState state, Instant now) {
    String id = UUID.randomUUID().toString();
    return new Sandbox(
        id,
        organization,
        "us",
        "container",
        "box " + id,
        "daytona-small",
        List.of("layer0000000001"),
        List.of(),
        "daytona",
        Map.of("KEY", "value"),
        Map.of("a", "b"),
        false,
        false,
        1,
        0,
        1,
        3,
        state,
        DesiredState.STARTED,
        null,
        false,
        15,
        10080,
        -1,
        "token",
        null,
        now,
        now,
        now,
        1);
  }
}
