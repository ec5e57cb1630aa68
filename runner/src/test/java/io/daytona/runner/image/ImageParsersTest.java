package io.daytona.runner.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.runner.PreparedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Descriptions of images that were built. */
public final class ImageParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "{\"layer\":\"0123456789ab\",\"image\":\"slim\",\"size_bytes\":1,\"created\":\"2026-01-31T12:00:00Z\"}",
          "{\"layer\":\"0123456789ab\",\"image\":\"slim\",\"created\":\"2026-01-31T12:00:00Z\","
              + "\"snapshot\":{\"user\":\"daytona\",\"cpu\":1,\"memory_gib\":1,\"disk_gib\":3}}");

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  /** Loads what parsing needs, which counts for no input. */
  public static void fuzzerInitialize() {
    accepts(new byte[] {'{', '}'});
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    try {
      PreparedImage image = PreparedImages.parse(input);
      assertTrue(PreparedImages.isLayer(image.layer()), "no layer");
      assertTrue(NAME.matcher(image.image()).matches(), "no name");
      assertEquals(Math.abs(image.sizeBytes()), image.sizeBytes(), "a negative size");
      return true;
    } catch (IOException e) {
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
