package io.daytona.toolbox.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.WebSocket.Message;
import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages of clients that run programs. */
public final class ProcessParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "r{\"argv\":[\"a\",\"b\"],\"cwd\":\"/\",\"envs\":{\"A\":\"b\",\"C\":null},\"timeout\":3,\"stdin\":true}",
          "r{\"command\":\"ls\",\"env\":{}}",
          "s{\"signal\":15}");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'r' -> request(rest);
      case 's' -> signal(rest);
      default -> false;
    };
  }

  private static boolean request(String text) {
    try {
      LiveRequest request = LiveRequest.read(new Message.Text(text));
      List<String> program = request.program();
      assertTrue(program.isEmpty() != (request.command() == null || request.command().isBlank()));
      assertTrue(program.stream().noneMatch(word -> word.indexOf('\0') >= 0), "NUL");
      Environment.of(request.envs())
          .forEach((name, value) ->
              assertTrue((name + value).indexOf('\0') < 0 && name.indexOf('=') < 0, name));
      return true;
    } catch (DaytonaException e) {
      assertEquals(400, e.kind().status(), e.sentence());
      return false;
    }
  }

  private static boolean signal(String text) {
    try {
      int signal = LiveConversation.signal(text);
      assertTrue(signal >= 1 && signal <= 64, "no signal");
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
