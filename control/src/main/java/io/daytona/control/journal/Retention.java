package io.daytona.control.journal;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** Keeps journal and outbox from growing for ever. */
public final class Retention {
  private static final Duration JOURNAL = Duration.ofDays(30);
  private static final Duration OUTBOX = Duration.ofDays(7);

  private final Database database;
  private final Clock clock;

  /** Looks after this database. */
  public Retention(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Removes journal rows older than 30 days and events older than 7 days. */
  public void apply() {
    Instant now = Times.now(clock);
    remove("DELETE FROM sandbox_journal WHERE at < :before", now.minus(JOURNAL));
    remove("DELETE FROM outbox WHERE at < :before", now.minus(OUTBOX));
  }

  private void remove(String sql, Instant before) {
    database.run(handle -> handle.createUpdate(sql).bind("before", Columns.time(before)).execute());
  }
}
