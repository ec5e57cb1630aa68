package io.daytona.control.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Values of queries of the API. The first byte chooses the parser. */
public final class QueryParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of("t2026-01-31T12:00:00Z", "t2026-01-31", "t2026-01-31 12:00:00 02:00", "btrue", "b0");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 't' -> time(rest);
      case 'b' -> bool(rest);
      default -> false;
    };
  }

  private static boolean time(String text) {
    try {
      Instant time = QueryValues.time("since", text);
      assertEquals(time, time.atOffset(ZoneOffset.UTC).toInstant());
      assertEquals(time, QueryValues.time("since", time.toString()), "another time");
      return true;
    } catch (DaytonaException e) {
      return false;
    }
  }

  private static boolean bool(String text) {
    try {
      return QueryValues.bool("flag", text) || !text.isEmpty();
    } catch (DaytonaException e) {
      assertTrue(e.kind().status() == 400);
      return false;
    }
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
