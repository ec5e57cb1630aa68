package io.daytona.control.sandbox;

import io.daytona.control.persistence.Times;
import io.daytona.http.Call;
import io.daytona.wire.error.DaytonaException;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/**
 * A column that the cursor list can be sorted by.
 *
 * <p>Names compare byte by byte, so that the order does not depend on the locale of the database
 * and a cursor means the same everywhere.
 */
enum SandboxSort {
  NAME("name", "name COLLATE \"C\"", "text"),
  CPU("cpu", "cpu", "integer"),
  MEMORY("memoryGib", "memory_gib", "integer"),
  DISK("diskGib", "disk_gib", "integer"),
  LAST_ACTIVITY("lastActivityAt", "last_activity_at", "timestamptz"),
  CREATED("createdAt", "created_at", "timestamptz");

  private final String wire;
  private final String column;
  private final String type;

  SandboxSort(String wire, String column, String type) {
    this.wire = wire;
    this.column = column;
    this.type = type;
  }

  /**
   * Reads {@code sort}; the default is the last activity.
   *
   * @throws DaytonaException 400 for anything else
   */
  static SandboxSort of(Call<?> call) {
    String wanted = call.query("sort").orElse(LAST_ACTIVITY.wire);
    for (SandboxSort sort : values()) {
      if (sort.wire.equals(wanted)) {
        return sort;
      }
    }
    throw DaytonaException.badRequest(
        "sort must be one of the following values: name, cpu, memoryGib, diskGib, lastActivityAt,"
            + " createdAt");
  }

  /** SQL expression. */
  String column() {
    return column;
  }

  /** SQL type that a cursor's value is cast to. */
  String type() {
    return type;
  }

  /** The value of a row, for a cursor. */
  String value(Sandbox row) {
    return switch (this) {
      case NAME -> row.name();
      case CPU -> Integer.toString(row.cpu());
      case MEMORY -> Integer.toString(row.memoryGib());
      case DISK -> Integer.toString(row.diskGib());
      case LAST_ACTIVITY -> row.lastActivityAt().toString();
      case CREATED -> row.createdAt().toString();
    };
  }

  /** Whether a cursor's value is one of this order as {@link #value} writes it. */
  boolean accepts(String cursorValue) {
    try {
      return switch (type) {
        // PostgreSQL does not take all that Java does, such as digits of other scripts.
        case "integer" -> Integer.toString(Integer.parseInt(cursorValue)).equals(cursorValue);
        case "timestamptz" -> {
          Instant time = Instant.parse(cursorValue);
          yield Times.isStorable(time) && time.toString().equals(cursorValue);
        }
        default -> cursorValue.indexOf('\0') < 0;
      };
    } catch (NumberFormatException | DateTimeParseException e) {
      return false;
    }
  }
}
