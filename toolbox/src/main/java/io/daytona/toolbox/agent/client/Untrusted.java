package io.daytona.toolbox.agent.client;

/** Makes text of a sandbox fit for logs and error messages. */
final class Untrusted {
  private Untrusted() {}

  /** The text without control characters, cut to a length in characters. */
  static String shown(String text, int limit) {
    StringBuilder shown = new StringBuilder(Math.min(text.length(), limit));
    for (int i = 0; i < text.length() && i < limit; i++) {
      char c = text.charAt(i);
      shown.append(Character.isISOControl(c) ? ' ' : c);
    }
    return shown.toString();
  }
}
