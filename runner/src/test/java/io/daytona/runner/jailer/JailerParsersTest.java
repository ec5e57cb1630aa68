package io.daytona.runner.jailer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lines of the jailer: answers, lists, events. The first byte chooses the parser. */
public final class JailerParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "aok protocol=2 version=1 slots=1024 data=1 pool_total=2",
          "aok",
          "lslot 7 10.200.28.7",
          "ldisk 0d1f 10 1024",
          "llayer 0123456789ab",
          "eexited s1 status=9 oom_kills=1 pool_full=0",
          "ebeat");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String line = text.isEmpty() ? "" : text.substring(1);
    try {
      switch (text.isEmpty() ? ' ' : text.charAt(0)) {
        case 'a' -> Answer.parse(line);
        case 'l' -> new Inventory.Parser().line(line);
        case 'e' -> Event.parse(line);
        default -> {
          return false;
        }
      }
    } catch (ProtocolException | JailerException e) {
      return false;
    }
    return true;
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
