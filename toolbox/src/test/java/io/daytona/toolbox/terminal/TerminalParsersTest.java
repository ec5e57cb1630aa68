package io.daytona.toolbox.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Labels, which root in a sandbox may forge, and variables that a client sends in a handshake. */
public final class TerminalParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "l{\"kind\":\"terminal\",\"id\":\"t\",\"cwd\":\"/\",\"envs\":{\"A\":\"b\"},\"cols\":80,\"rows\":24,\"lazyStart\":true}",
          "l{\"kind\":\"terminal\",\"id\":\"t\",\"envs\":{\"A\":null},\"names\":[\"A\",null],\"cols\":-1,\"createdAt\":\"x\"}",
          "eeyJBIjoiYiIsIkMiOiIifQ",
          "eeyJBIjoiYiJ9");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'l' -> TerminalLabel.parse(rest).filter(TerminalParsersTest::isUsable).isPresent();
      case 'e' -> variables(rest);
      default -> false;
    };
  }

  private static boolean isUsable(TerminalLabel label) {
    TerminalSettings settings = label.settings();
    assertTrue(settings.text() >= settings.id().length(), "a text that is too short");
    assertTrue(settings.size().cols() > 0 && settings.size().rows() > 0, "no size");
    try {
      String again = TerminalLabel.of(settings);
      assertEquals(settings.id(), TerminalLabel.parse(again).orElseThrow().id());
    } catch (DaytonaException tooLong) {
      return false;
    }
    return true;
  }

  private static boolean variables(String encoded) {
    Map<String, String> all = new LinkedHashMap<>();
    try {
      Subprotocols.add(encoded, all);
      return true;
    } catch (DaytonaException e) {
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
