package io.daytona.toolbox.file;

import io.daytona.http.Call;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;

/**
 * Evaluates conditional requests by modification time (RFC 9110 §13). Files have no entity tags, so
 * {@code If-Match} holds only for {@code *} and {@code If-None-Match} only fails for it.
 */
final class Preconditions {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private Preconditions() {}

  /** What the conditions come to. */
  enum Outcome {
    PROCEED,
    NOT_MODIFIED,
    FAILED
  }

  /** Evaluates all but {@code If-Range}. */
  static Outcome evaluate(Call<?> call, Instant modified) {
    Instant seconds = modified.truncatedTo(ChronoUnit.SECONDS);
    Optional<String> ifMatch = call.header("If-Match");
    if (ifMatch.isPresent()) {
      if (!ifMatch.get().strip().equals("*")) {
        return Outcome.FAILED;
      }
    } else if (date(call, "If-Unmodified-Since").filter(seconds::isAfter).isPresent()) {
      return Outcome.FAILED;
    }
    Optional<String> ifNoneMatch = call.header("If-None-Match");
    if (ifNoneMatch.isPresent()) {
      return ifNoneMatch.get().strip().equals("*") ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
    }
    boolean unchanged =
        date(call, "If-Modified-Since").filter(date -> !seconds.isAfter(date)).isPresent();
    return unchanged ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
  }

  /** Whether a {@code Range} may be honoured. */
  static boolean rangeHolds(Call<?> call, Instant modified) {
    return call.header("If-Range").isEmpty()
        || date(call, "If-Range")
            .filter(modified.truncatedTo(ChronoUnit.SECONDS)::equals)
            .isPresent();
  }

  /** A time as {@code Last-Modified} carries it. */
  static String httpDate(Instant time) {
    return HTTP_DATE.format(time);
  }

  private static Optional<Instant> date(Call<?> call, String header) {
    return call.header(header).flatMap(Preconditions::parse);
  }

  static Optional<Instant> parse(String text) {
    try {
      return Optional.of(
          ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException notADate) {
      return Optional.empty(); // RFC 9110 §13.1.3: an invalid date is ignored
    }
  }
}
