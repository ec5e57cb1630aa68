package io.daytona.control.persistence;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times that PostgreSQL can hold without rounding. */
public final class Times {
  private Times() {}

  /** Now, in whole microseconds. */
  public static Instant now(Clock clock) {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
