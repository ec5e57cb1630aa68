package io.daytona.toolbox.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replacing in a stream that comes in pieces of any size. */
@Timeout(60)
@Tag("slow")
class LiteralReplacerTest {
  @ParameterizedTest
  @CsvSource({
    "foo bar foo, foo, baz",
    "aaaa, aa, b",
    "aaaaa, aa, ''",
    "abababac, abac, X",
    "aabaabaaab, aabaaab, -",
    "x, xyz, long",
    "'', a, b",
    "mississippi, issi, i",
    "abcabd, abd, abcabd",
  })
  void doesWhatTheWholeWould(String text, String pattern, String replacement) {
    for (int piece = 1; piece <= text.length() + 1; piece++) {
      assertEquals(text.replace(pattern, replacement), replaced(text, pattern, replacement, piece));
    }
  }

  @Test
  void doesSoForTextsOfFewLetters() {
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      String text = letters(random, random.nextInt(40));
      String pattern = letters(random, 1 + random.nextInt(6));
      String replacement = letters(random, random.nextInt(4));
      assertEquals(
          text.replace(pattern, replacement),
          replaced(text, pattern, replacement, 1 + random.nextInt(10)),
          () -> text + " / " + pattern);
    }
  }

  @Test
  void aPatternMadeToBeSlowIsNot() {
    byte[] pattern = ("a".repeat(500_000) + "b").getBytes(ISO_8859_1);
    byte[] text = "a".repeat(1 << 20).getBytes(ISO_8859_1);
    long[] written = {0};
    LiteralReplacer replacer =
        new LiteralReplacer(pattern, new byte[0], (bytes, offset, length) -> written[0] += length);
    for (int i = 0; i < 32; i++) {
      replacer.write(text, 0, text.length);
    }
    replacer.finish();
    assertEquals(32L << 20, written[0]);
    assertTrue(replacer.count() == 0);
  }

  private static String replaced(String text, String pattern, String replacement, int piece) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LiteralReplacer replacer =
        new LiteralReplacer(
            pattern.getBytes(ISO_8859_1), replacement.getBytes(ISO_8859_1), out::write);
    byte[] bytes = text.getBytes(ISO_8859_1);
    for (int at = 0; at < bytes.length; at += piece) {
      replacer.write(bytes, at, Math.min(piece, bytes.length - at));
    }
    replacer.finish();
    return out.toString(ISO_8859_1);
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }
}
