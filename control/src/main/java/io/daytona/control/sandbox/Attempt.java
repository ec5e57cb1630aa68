package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.StartedSandbox;
import java.util.function.Supplier;

/** How an attempt to start a sandbox ended. */
sealed interface Attempt {
  /** It runs. */
  record Started(StartedSandbox sandbox) implements Attempt {}

  /** The host had no room; another attempt may succeed. */
  record NoRoom(DaytonaException refusal) implements Attempt {}

  /** It cannot be started. */
  record Failed(String reason, RuntimeException cause) implements Attempt {}

  /** Makes the attempt. */
  static Attempt of(Supplier<StartedSandbox> start) {
    try {
      return new Started(start.get());
    } catch (DaytonaException e) {
      return e.kind() == ErrorKind.UNAVAILABLE || e.kind() == ErrorKind.TOO_MANY_REQUESTS
          ? new NoRoom(e)
          : new Failed(e.sentence(), e);
    } catch (RuntimeException e) {
      return new Failed("the host failed unexpectedly", e);
    }
  }
}
