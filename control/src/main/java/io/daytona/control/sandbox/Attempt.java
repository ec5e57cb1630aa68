package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.StartedSandbox;
import java.util.function.Supplier;

/** How an attempt to start a sandbox ended. */
sealed interface Attempt {
  /** It runs. */
  record Started(StartedSandbox sandbox) implements Attempt {}

  /**
   * The host refused it and holds nothing of it: it has no room just now, or cannot take such a
   * sandbox at all.
   */
  record Refused(DaytonaException refusal) implements Attempt {
    /** Whether another attempt may succeed. */
    boolean passing() {
      return refusal.kind() != ErrorKind.BAD_REQUEST;
    }
  }

  /** It cannot be started. */
  record Failed(String reason, RuntimeException cause) implements Attempt {}

  /** Makes the attempt. */
  static Attempt of(Supplier<StartedSandbox> start) {
    try {
      return new Started(start.get());
    } catch (DaytonaException e) {
      return switch (e.kind()) {
        case UNAVAILABLE, TOO_MANY_REQUESTS, BAD_REQUEST -> new Refused(e);
        default -> new Failed(e.sentence(), e);
      };
    } catch (RuntimeException e) {
      return new Failed("the host failed unexpectedly", e);
    }
  }
}
