package io.daytona.control.paging;

import io.daytona.control.persistence.Times;
import io.daytona.http.Call;
import io.daytona.wire.error.DaytonaException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** Typed values of query parameters; every refusal says what is allowed. */
public final class QueryValues {
  private QueryValues() {}

  /** A whole number in a range. */
  public static int integer(Call<?> call, String name, int fallback, int least, int most) {
    return integer(call, name, least, most).orElse(fallback);
  }

  /** A whole number in a range; empty when absent. */
  public static Optional<Integer> integer(Call<?> call, String name, int least, int most) {
    return call.query(name)
        .map(text -> {
          try {
            int value = Integer.parseInt(text.strip());
            if (value >= least && value <= most) {
              return value;
            }
          } catch (NumberFormatException e) {
            throw range(name, least, most);
          }
          throw range(name, least, most);
        });
  }

  /** {@code true} or {@code false}; empty when absent. */
  public static Optional<Boolean> bool(Call<?> call, String name) {
    return call.query(name).map(text -> bool(name, text));
  }

  /** {@code true} or {@code false}. */
  public static boolean bool(String name, String text) {
    return switch (text) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default -> throw DaytonaException.badRequest(name + " must be true or false");
    };
  }

  /** An ISO-8601 time; empty when absent. */
  public static Optional<Instant> time(Call<?> call, String name) {
    return call.query(name).map(text -> time(name, text.strip()));
  }

  static Instant time(String name, String text) {
    // "+" of an offset arrives as a blank when the client did not escape it; and the reference's
    // own example has a blank between date and time.
    String iso = text.replaceFirst(" (\\d\\d:\\d\\d)$", "+$1").replaceFirst(" ", "T");
    try {
      Instant time =
          iso.length() == 10
              ? LocalDate.parse(iso).atStartOfDay().toInstant(ZoneOffset.UTC)
              : OffsetDateTime.parse(iso).toInstant();
      if (Times.isStorable(time)) {
        return time;
      }
    } catch (DateTimeParseException e) {
      throw noTime(name);
    }
    throw noTime(name);
  }

  private static DaytonaException noTime(String name) {
    return DaytonaException.badRequest(
        name + " must be an ISO-8601 time such as 2026-01-31T12:00:00Z");
  }

  private static DaytonaException range(String name, int least, int most) {
    return DaytonaException.badRequest(
        most == Integer.MAX_VALUE
            ? name + " must be a whole number of at least " + least
            : name + " must be a whole number from " + least + " to " + most);
  }
}
