package io.daytona.toolbox.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names that are bytes of any kind. */
class PathBytesTest {
  @ParameterizedTest
  @CsvSource({
    "61ff62, a�b",
    "c3, �",
    "e298, ��",
    "eda080, ���",
    "f09f9880c3bc, 😀ü",
    "e29883, ☃",
  })
  void areKeptAndShown(String hex, String shown) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    String text = PathBytes.decode(bytes);
    assertArrayEquals(bytes, PathBytes.encode(text));
    assertEquals(shown, PathBytes.shown(text));
  }

  @Test
  void anyBytesSurvive() {
    Random random = new Random(7);
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      String text = PathBytes.decode(bytes);
      assertArrayEquals(bytes, PathBytes.encode(text));
      String shown = PathBytes.shown(text);
      assertEquals(
          shown, new String(shown.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }
  }

  @Test
  void aSurrogateThatStandsForNoByteHarmsNothing() {
    assertEquals("a?b", new String(PathBytes.encode("a\ud800b"), StandardCharsets.UTF_8));
    assertEquals("a\ufffdb", PathBytes.shown("a\ud800b"));
  }
}
