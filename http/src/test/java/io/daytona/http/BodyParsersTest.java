package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Bodies of requests as clients send them: JSON in any encoding that Jackson detects. */
public final class BodyParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "{\"text\":\"a\\u0000b\",\"number\":-1e2,\"wide\":9007199254740993,\"flag\":true,\"ratio\":0.5}",
          "{\"list\":[\"a\",null],\"map\":{\"k\":\"v\"},\"method\":\"GET\",\"unknown\":[{}]}",
          "\0\0\0{\0\0\0}",
          "");

  /** Loads what parsing needs, which counts for no input. */
  public static void fuzzerInitialize() throws IOException {
    accepts(new byte[0]);
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    accepts(input);
  }

  private record Body(
      @Nullable String text,
      int number,
      @Nullable Long wide,
      boolean flag,
      @Nullable Double ratio,
      @Nullable List<@Nullable String> list,
      @Nullable Map<String, @Nullable String> map,
      @Nullable Method method) {}

  static boolean accepts(byte[] input) throws IOException {
    try {
      Body body = JsonBody.parse(input, Body.class);
      byte[] written = Json.mapper().writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
      assertEquals(body, JsonBody.parse(written, Body.class), "another body than was read");
      return true;
    } catch (DaytonaException e) {
      assertEquals(400, e.kind().status(), e.sentence());
      return false;
    }
  }

  @Test
  void seedsAreAccepted() throws IOException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
