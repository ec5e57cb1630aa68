package io.daytona.toolbox.process;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the timeout of a request: unsigned 32-bit seconds, absent or 0 for no limit. */
final class TimeLimit {
  private static final long MAX_SECONDS = 0xffff_ffffL;

  /** Longer than any process lives, short enough for nanoseconds in a long. */
  static final Duration NONE = Duration.ofDays(36_500);

  private TimeLimit() {}

  /** The limit, {@link #NONE} for none; empty when the number is out of range. */
  static Optional<Duration> of(@Nullable Long seconds) {
    if (seconds == null || seconds == 0) {
      return Optional.of(NONE);
    }
    return seconds < 0 || seconds > MAX_SECONDS
        ? Optional.empty()
        : Optional.of(Duration.ofSeconds(seconds));
  }
}
