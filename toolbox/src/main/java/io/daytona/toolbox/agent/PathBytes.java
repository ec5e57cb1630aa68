package io.daytona.toolbox.agent;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Paths as strings. A path is bytes to Linux: those that are not UTF-8 are held as lone low
 * surrogates, the byte {@code 0xNN} as {@code U+DCNN}, so that nothing is lost on the way through a
 * string (as in Python's PEP 383). Such a string cannot be written as JSON; clients see {@link
 * #shown}.
 */
public final class PathBytes {
  private static final char REPLACEMENT = '\ufffd';
  private static final char FIRST = '\udc80';
  private static final char LAST = '\udcff';
  private static final int BASE = 0xdc00;

  private PathBytes() {}

  /** The string of any bytes. */
  public static String decode(byte[] bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    while (result.isMalformed()) {
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (BASE + Byte.toUnsignedInt(in.get())));
      }
      result = decoder.decode(in, out, true);
    }
    return out.flip().toString();
  }

  /** The bytes of a string; {@code decode} undone. A surrogate that stands for no byte is '?'. */
  public static byte[] encode(String text) {
    if (isUnicode(text)) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 8);
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      if (c >= FIRST && c <= LAST) {
        out.write(c - BASE);
      } else {
        out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      }
      at += Character.charCount(c);
    }
    return out.toByteArray();
  }

  /** What people see: {@code U+FFFD} for every byte that is not UTF-8. */
  public static String shown(String text) {
    if (isUnicode(text)) {
      return text;
    }
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().forEach(c -> shown.appendCodePoint(isSurrogate(c) ? REPLACEMENT : c));
    return shown.toString();
  }

  private static boolean isUnicode(String text) {
    return text.codePoints().noneMatch(PathBytes::isSurrogate);
  }

  private static boolean isSurrogate(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
