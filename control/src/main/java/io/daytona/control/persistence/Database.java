package io.daytona.control.persistence;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to PostgreSQL, which may be killed and come back at any moment.
 *
 * <p>Work that is handed in must bear being repeated: when the connection breaks nobody knows
 * whether the last statement was committed.
 */
public final class Database implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);
  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 500;

  private final Jdbi jdbi;
  private final Duration patience;
  private final BooleanSupplier diskFull;
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * @param dataSource pooled connections; its own time-outs add to {@code patience}
   * @param patience how long a request is held while PostgreSQL does not answer
   */
  public Database(DataSource dataSource, Duration patience) {
    this(dataSource, patience, () -> false);
  }

  /**
   * The same.
   *
   * @param diskFull tells whether PostgreSQL's disk has no room, as far as this host knows
   */
  public Database(DataSource dataSource, Duration patience, BooleanSupplier diskFull) {
    this.diskFull = diskFull;
    this.jdbi = Jdbi.create(dataSource);
    this.jdbi.registerArrayType(String.class, "text");
    // Parameters may hold secrets, and messages are logged.
    this.jdbi
        .getConfig(StatementExceptions.class)
        .setMessageRendering(StatementExceptions.MessageRendering.NONE);
    this.patience = patience;
  }

  /** Work with one connection. */
  @FunctionalInterface
  public interface Work<T> {
    /** Does the work; may run again after a lost connection. */
    T run(Handle handle);
  }

  /**
   * Runs work, again and again for a bounded time while PostgreSQL does not answer.
   *
   * @throws DaytonaException 503 with {@code Retry-After} when the time is over
   */
  public <T> T run(Work<T> work) {
    return attempts(work, System.nanoTime() + patience.toNanos());
  }

  /**
   * Runs work until it is done, however long PostgreSQL is away. Only for threads that nobody waits
   * for, and for work that must not be left half-done.
   *
   * @throws DaytonaException 503 when this was closed meanwhile
   */
  public <T> T settle(Work<T> work) {
    return attempts(work, Long.MAX_VALUE);
  }

  private <T> T attempts(Work<T> work, long deadlineNanos) {
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      try {
        return jdbi.withHandle(work::run);
      } catch (JdbiException e) {
        if (SqlFailures.interrupted(e)) {
          Thread.currentThread().interrupt();
          throw unavailable(e);
        }
        if (!SqlFailures.passing(e)) {
          throw SqlFailures.translated(e);
        }
        if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause) > deadlineNanos) {
          throw unavailable(e);
        }
        pause = pause(pause, e);
      }
    }
  }

  /** Makes every thread that waits for PostgreSQL give up. */
  @Override
  public void close() {
    closed.countDown();
  }

  private long pause(long millis, JdbiException cause) {
    if (millis == FIRST_PAUSE_MILLIS) {
      LOG.warn("PostgreSQL does not answer, trying again: {}", cause.getMessage());
    }
    try {
      if (closed.await(millis, TimeUnit.MILLISECONDS)) {
        throw unavailable(cause);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable(cause);
    }
    return Math.min(2 * millis, LONGEST_PAUSE_MILLIS);
  }

  /** A full disk also ends PostgreSQL: then nobody but its host knows why it does not answer. */
  private DaytonaException unavailable(JdbiException cause) {
    String sentence =
        SqlFailures.diskFull(cause) || diskFull.getAsBoolean()
            ? "The database's disk is full: the platform's operator must make room on it. Nothing"
                + " is lost and sandboxes go on; try again when there is room"
            : "The database does not answer at the moment. Try again in a few seconds";
    return new DaytonaException(
        ErrorKind.UNAVAILABLE, ErrorKind.UNAVAILABLE.code(), sentence, RETRY_AFTER, cause);
  }
}
