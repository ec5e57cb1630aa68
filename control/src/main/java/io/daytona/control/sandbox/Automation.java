package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.wire.error.DaytonaException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stops and deletes sandboxes by their intervals (control-plane protocol §3.5). */
final class Automation {
  private static final Logger LOG = LoggerFactory.getLogger(Automation.class);
  private static final int BATCH = 100;
  private static final Duration STEADY = Duration.ofDays(1);

  private static final String IDLE =
      """
      SELECT * FROM sandbox
      WHERE state = 'started' AND desired_state = 'started' AND auto_stop_interval > 0
        AND last_activity_at <= CAST(:now AS timestamptz) - make_interval(mins => auto_stop_interval)
      ORDER BY last_activity_at LIMIT :batch
      """;

  private static final String LEFT =
      """
      SELECT * FROM sandbox
      WHERE state = 'stopped' AND desired_state = 'stopped' AND auto_delete_interval >= 0
        AND last_activity_at
          <= CAST(:now AS timestamptz) - make_interval(mins => auto_delete_interval)
      ORDER BY last_activity_at LIMIT :batch
      """;

  private final Database database;
  private final Lifecycle lifecycle;
  private final Activity activity;
  private final ClockJump.Watch jumps;

  /**
   * @param nanos time that passes, in nanoseconds, whatever the clock shows
   */
  Automation(
      Database database, Lifecycle lifecycle, Activity activity, Clock clock, LongSupplier nanos) {
    this.jumps = new ClockJump.Watch(clock, nanos);
    this.database = database;
    this.lifecycle = lifecycle;
    this.activity = activity;
  }

  /** Does what is due now. */
  void run() throws InterruptedException {
    Instant now = lookAtClock();
    activity.flush();
    for (Sandbox idle : due(IDLE, now)) {
      attempt(
          idle,
          () ->
              lifecycle.stop(
                  idle,
                  false,
                  "no activity for " + idle.autoStopInterval() + " minutes (auto-stop)"));
    }
    for (Sandbox left : due(LEFT, now)) {
      attempt(
          left,
          () ->
              lifecycle.delete(
                  left, "stopped for " + left.autoDeleteInterval() + " minutes (auto-delete)"));
    }
  }

  /** Lets what counts from times of the wall clock go on when that was set. */
  private Instant lookAtClock() {
    return jumps.look(jump -> {
      LOG.warn(
          "the clock of this host jumped by {} s: intervals go on as if it had not",
          jump.by().toSeconds());
      database.run(handle -> {
        activity.jumped(handle, jump);
        return IdempotencyKeys.jumped(handle, jump);
      });
    });
  }

  /** The time, if ages by the wall clock can be believed: it was not set for a day. */
  Optional<Instant> steadyTime() {
    Instant now = lookAtClock();
    return jumps.isSteadyFor(STEADY) ? Optional.of(now) : Optional.empty();
  }

  private List<Sandbox> due(String sql, Instant now) {
    return database.run(handle ->
        handle
            .createQuery(sql)
            .bind("now", Columns.time(now))
            .bind("batch", BATCH)
            .map((row, context) -> Sandbox.read(row))
            .list());
  }

  private interface Action {
    void run() throws InterruptedException;
  }

  private static void attempt(Sandbox sandbox, Action action) throws InterruptedException {
    try {
      action.run();
    } catch (DaytonaException e) {
      // It is being changed just now, or PostgreSQL is away: the next round looks again.
      LOG.info("sandbox {} is left for the next round: {}", sandbox.id(), e.sentence());
    }
  }
}
