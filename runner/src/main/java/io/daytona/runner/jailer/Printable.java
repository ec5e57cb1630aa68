package io.daytona.runner.jailer;

/** Text of another process made safe for logs and error sentences. */
final class Printable {
  private static final int MAX = 400;

  private Printable() {}

  /** The text without control characters, cut at 400 characters. */
  static String of(String text) {
    StringBuilder safe = new StringBuilder(Math.min(text.length(), MAX));
    for (int i = 0; i < text.length() && i < MAX; i++) {
      char c = text.charAt(i);
      safe.append(Character.isISOControl(c) ? ' ' : c);
    }
    return safe.toString();
  }
}
