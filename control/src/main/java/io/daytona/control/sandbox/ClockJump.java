package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Times;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Handle;

/**
 * A jump of the wall clock between two looks: somebody set it, or the machine slept.
 *
 * @param by how far it jumped, negative for back
 * @param expected what the clock would show now without the jump
 * @param now what it shows
 * @param since time that really passed since the last look
 */
record ClockJump(Duration by, Instant expected, Instant now, Duration since) {

  /** Less is the ordinary work of a time service. */
  private static final Duration LEAST = Duration.ofSeconds(2);

  /**
   * Lets times that a table keeps be as long ago as before. Those that may be of the new clock are
   * left: they seem to be later than they were.
   *
   * @param update statement in which {@code %1$s} becomes the new value, {@code %2$s} the condition
   * @param column name of the column with the times
   */
  int shift(Handle handle, String update, String column) {
    String later = column + " + make_interval(secs => :seconds)";
    String older =
        column
            + " <= CAST(:newest AS timestamptz) AND NOT "
            + column
            + " BETWEEN CAST(:oldest AS timestamptz) AND CAST(:now AS timestamptz)";
    return handle
        .createUpdate(update.formatted(later, older))
        .bind("seconds", by.toMillis() / 1000.0)
        .bind("newest", Columns.time(expected))
        .bind("oldest", Columns.time(now.minus(since)))
        .bind("now", Columns.time(now))
        .execute();
  }

  /** Compares the wall clock with one that only goes on. */
  static final class Watch {
    private final Clock clock;
    private final LongSupplier nanos;
    private Instant lastTime;
    private long lastNanos;
    private long steadySince;
    private boolean jumped;

    /**
     * @param clock the wall clock
     * @param nanos time that passes, in nanoseconds, whatever the wall clock shows
     */
    Watch(Clock clock, LongSupplier nanos) {
      this.clock = clock;
      this.nanos = nanos;
      lastTime = Times.now(clock);
      lastNanos = nanos.getAsLong();
    }

    /**
     * Hands over the jump since the last look, if there was one.
     *
     * @param handler while it fails, the jump is found again by the next look
     * @return the time at this look; what a jump after it would make due is not due by it
     */
    synchronized Instant look(Consumer<ClockJump> handler) {
      Instant now = Times.now(clock);
      long ticks = nanos.getAsLong();
      Duration since = Duration.ofNanos(ticks - lastNanos);
      Instant expected = lastTime.plus(since);
      Duration by = Duration.between(expected, now);
      if (by.abs().compareTo(LEAST) >= 0) {
        handler.accept(new ClockJump(by, expected, now, since));
        jumped = true;
        steadySince = ticks;
      }
      lastTime = now;
      lastNanos = ticks;
      return now;
    }

    /** Whether no jump was seen for so long. */
    synchronized boolean isSteadyFor(Duration time) {
      return !jumped || nanos.getAsLong() - steadySince >= time.toNanos();
    }
  }
}
