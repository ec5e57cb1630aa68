package io.daytona.toolbox.interpreter;

/**
 * What a client is told; every key is always there (toolbox protocol §5.2).
 *
 * @param type {@code stdout}, {@code stderr}, {@code error} or {@code control}
 * @param text a piece of output, or what the control is
 * @param name class of an exception
 * @param value its text
 * @param traceback frames of the user's code
 */
record ClientFrame(String type, String text, String name, String value, String traceback) {
  /** Some clients take no message above 64 KiB, and a character may take six bytes. */
  static final int MAX_TEXT = 8_192;

  /** The execution ran to its end. */
  static ClientFrame completed() {
    return new ClientFrame("control", "completed", "", "", "");
  }

  /** A piece of output. */
  static ClientFrame text(String stream, String text) {
    return new ClientFrame(stream, text, "", "", "");
  }

  /** An exception. */
  static ClientFrame error(String name, String value, String traceback) {
    return new ClientFrame("error", "", name, value, traceback);
  }

  /** Whether another piece of the same stream may be appended. */
  boolean canTake(ClientFrame next) {
    return name.isEmpty()
        && type.startsWith("std")
        && type.equals(next.type)
        && text.length() + next.text.length() <= MAX_TEXT;
  }

  /** Both pieces as one. */
  ClientFrame append(ClientFrame next) {
    return new ClientFrame(type, text + next.text, "", "", "");
  }

  /** Characters, as a measure of what it takes to keep it. */
  int size() {
    return text.length() + value.length() + traceback.length();
  }

  /** The message. */
  String json() {
    return AsciiJson.of(this);
  }
}
