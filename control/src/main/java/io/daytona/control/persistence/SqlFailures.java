package io.daytona.control.persistence;

import io.daytona.wire.error.DaytonaException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.JdbiException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Tells apart what can go wrong with a statement, by SQLSTATE (PostgreSQL manual, appendix A). */
public final class SqlFailures {
  private static final String DISK_FULL = "53100";
  private static final String UNIQUE_VIOLATION = "23505";
  private static final Set<String> UNWRITABLE_TEXT = Set.of("22021", "22P05");
  // Shutting down or starting up, no connection free, deadlock, serialization: over in a moment.
  // A full disk is over when somebody made room.
  private static final Set<String> PASSING =
      Set.of("57P01", "57P02", "57P03", "57P05", "53300", "40001", "40P01", "25006", DISK_FULL);
  private static final String CONNECTION_CLASS = "08";

  private SqlFailures() {}

  /** Whether the same work may succeed in a moment. */
  static boolean passing(JdbiException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLTransientConnectionException) {
        return true;
      }
      if (t instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        return PASSING.contains(state) || state.startsWith(CONNECTION_CLASS);
      }
    }
    return false;
  }

  /** Whether PostgreSQL has no disk space left. */
  static boolean diskFull(JdbiException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && DISK_FULL.equals(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /** Whether the thread was interrupted while it waited for a connection. */
  static boolean interrupted(JdbiException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof InterruptedException) {
        return true;
      }
    }
    return false;
  }

  /** Name of the unique constraint that refused the statement; empty for other failures. */
  public static Optional<String> violatedConstraint(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof PSQLException sql && UNIQUE_VIOLATION.equals(sql.getSQLState())) {
        ServerErrorMessage message = sql.getServerErrorMessage();
        return Optional.ofNullable(message == null ? null : message.getConstraint());
      }
    }
    return Optional.empty();
  }

  /**
   * What callers see of a failure that will not pass: text that PostgreSQL cannot hold is the
   * client's mistake; everything else loses what PostgreSQL tells in detail, because it quotes rows
   * and those hold secrets.
   */
  static RuntimeException translated(JdbiException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && sql.getSQLState() != null) {
        if (UNWRITABLE_TEXT.contains(sql.getSQLState())) {
          return DaytonaException.badRequest("Text must not contain the character U+0000");
        }
        return withoutDetail(sql);
      }
    }
    return failure;
  }

  private static RuntimeException withoutDetail(SQLException failure) {
    ServerErrorMessage message =
        failure instanceof PSQLException sql ? sql.getServerErrorMessage() : null;
    IllegalStateException plain =
        new IllegalStateException(
            "statement failed with SQLSTATE "
                + failure.getSQLState()
                + (message == null ? "" : ": " + message.getMessage()));
    plain.setStackTrace(failure.getStackTrace());
    return plain;
  }
}
