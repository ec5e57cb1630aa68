package io.daytona.toolbox.fsutil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.Feed;
import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What a program in a sandbox may write in the platform's tool's name; the first byte says in
 * pieces of how many bytes.
 */
public final class ToolParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of("\u000512\0001\0sh\0S\0005\0006\0\0\0000\0001\0");

  private static final int FIELDS = 10;

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws InterruptedException {
    accepts(input);
  }

  static boolean accepts(byte[] input) throws InterruptedException {
    List<String> fields = new ArrayList<>();
    try (FileToolRecords records = new FileToolRecords(Feed.of(input), FIELDS)) {
      while (!records.ended()) {
        List<byte[]> record = records.next(Duration.ZERO);
        if (record != null) {
          assertEquals(FIELDS, record.size(), "half of a record");
          fields.clear();
          record.forEach(field -> fields.add(new String(field, StandardCharsets.UTF_8)));
        }
      }
      return !fields.isEmpty() && new Activity(List.of(Activity.task(fields))).leaves().size() < 2;
    } catch (DaytonaException | NumberFormatException e) {
      return false;
    }
  }

  @Test
  void seedsAreAccepted() throws InterruptedException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
