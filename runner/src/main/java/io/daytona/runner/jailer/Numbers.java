package io.daytona.runner.jailer;

import java.net.ProtocolException;

/** Decimal numbers of the jailer's lines. */
final class Numbers {
  private static final int MAX_DIGITS = 18;

  private Numbers() {}

  /** A number of at most 18 digits, 0 or more. */
  static long parse(String text) throws ProtocolException {
    if (text.isEmpty() || text.length() > MAX_DIGITS) {
      throw new ProtocolException("not a number: " + Printable.of(text));
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        throw new ProtocolException("not a number: " + Printable.of(text));
      }
    }
    return Long.parseLong(text);
  }

  /** A number in a range. */
  static int parse(String text, int min, int max) throws ProtocolException {
    long value = parse(text);
    if (value < min || value > max) {
      throw new ProtocolException("a number outside " + min + "…" + max + ": " + text);
    }
    return (int) value;
  }
}
