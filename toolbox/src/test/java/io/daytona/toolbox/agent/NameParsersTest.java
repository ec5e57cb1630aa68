package io.daytona.toolbox.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.SandboxPaths;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Names of files, which are any bytes, and versions of clients. The first byte chooses the parser.
 */
public final class NameParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "p/a/\u00ff\u00e4/./b/../c",
          "p\u00f0\u009f\u0098\u0080\u00ed\u00a0\u0080",
          "v0.205.1-alpha.1+x",
          "vv1.2.3");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    byte[] rest = Arrays.copyOfRange(input, Math.min(1, input.length), input.length);
    return switch (input.length == 0 ? ' ' : input[0]) {
      case 'p' -> path(rest);
      case 'v' -> ClientVersion.parse(new String(rest, StandardCharsets.UTF_8)).isPresent();
      default -> false;
    };
  }

  private static boolean path(byte[] bytes) {
    String path = PathBytes.decode(bytes);
    assertTrue(Arrays.equals(bytes, PathBytes.encode(path)), "another name");
    String shown = PathBytes.shown(path);
    assertEquals(shown, new String(shown.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    String clean = SandboxPaths.clean("/" + path);
    assertEquals(clean, SandboxPaths.clean(clean), "clean twice");
    assertTrue(!clean.contains("/../") && !clean.endsWith("/.."), "dots");
    return SandboxPaths.baseName(path).length() <= Math.max(1, path.length());
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
