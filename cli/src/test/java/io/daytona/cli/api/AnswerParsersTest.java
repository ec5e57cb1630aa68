package io.daytona.cli.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.cli.error.CliException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Answers of an API that may be none, and the environment. The first byte chooses the parser. */
public final class AnswerParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "j{\"a\":[1,2.5,{\"b\":null}],\"c\":true,\"d\":\"\\u0000\"}",
          "s{\"id\":\"i\",\"name\":\"n\",\"state\":\"started\",\"toolboxProxyUrl\":\"http://h:1/toolbox/\"}",
          "uhttps://h/api/");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    try {
      return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
        case 'j' -> object(rest);
        case 's' -> Sandbox.of(Json.read(rest)).toolbox().getHost() != null;
        case 'u' -> url(rest);
        default -> false;
      };
    } catch (CliException e) {
      return false;
    }
  }

  private static boolean object(String text) {
    Map<String, @Nullable Object> object = Json.read(text);
    String written = Json.write(object);
    assertEquals(written, Json.write(Json.read(written)), "another object");
    return !object.isEmpty();
  }

  private static boolean url(String text) {
    Connection api = Connection.of(Map.of("DAYTONA_API_URL", text, "DAYTONA_API_KEY", "key"));
    assertTrue(api.url().getHost() != null && !api.toString().endsWith("/"), "no URL");
    return true;
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
