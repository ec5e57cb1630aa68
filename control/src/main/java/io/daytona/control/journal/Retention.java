package io.daytona.control.journal;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import java.time.Duration;
import java.time.Instant;

/** Keeps journal and outbox from growing for ever. */
public final class Retention {
  private static final Duration JOURNAL = Duration.ofDays(30);
  private static final Duration OUTBOX = Duration.ofDays(7);

  private final Database database;

  /** Looks after this database. */
  public Retention(Database database) {
    this.database = database;
  }

  /** Removes journal rows older than 30 days and events older than 7 days. */
  public void apply(Instant now) {
    remove("DELETE FROM sandbox_journal WHERE at < :before", now.minus(JOURNAL));
    remove("DELETE FROM outbox WHERE at < :before", now.minus(OUTBOX));
  }

  private void remove(String sql, Instant before) {
    database.run(handle -> handle.createUpdate(sql).bind("before", Columns.time(before)).execute());
  }
}
