package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.image.PreparedImages;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an image says of its variables, and names of layers. The first byte chooses the parser. */
public final class HostParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of("ePATH=/usr/bin:/bin\nLANG=C.UTF-8\n# none\n9=x", "l0123456789ab");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'e' -> variables(ImageEnvironments.parse(rest));
      case 'l' -> PreparedImages.isLayer(rest);
      default -> false;
    };
  }

  private static boolean variables(Map<String, String> all) {
    assertTrue(all.size() <= 128, "too many");
    all.forEach((name, value) -> {
      assertTrue(name.matches("[A-Za-z_][A-Za-z0-9_]{0,127}"), name);
      assertEquals(value.strip(), value);
      assertTrue(value.indexOf('\0') < 0 && value.indexOf('\n') < 0, "a value that ends");
    });
    return !all.isEmpty();
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
