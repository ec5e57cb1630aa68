package io.daytona.control.persistence;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times that PostgreSQL can hold without rounding. */
public final class Times {
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private Times() {}

  /** Whether a time of a client lies in the years 1 to 9999, which PostgreSQL takes as written. */
  public static boolean isStorable(Instant time) {
    return !time.isBefore(FIRST) && !time.isAfter(LAST);
  }

  /** Now, in whole microseconds. */
  public static Instant now(Clock clock) {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  /** Whether what was read then is young enough; not when the clock was set back since. */
  public static boolean isFresh(Instant read, Instant now, Duration kept) {
    return !now.isBefore(read) && now.isBefore(read.plus(kept));
  }
}
