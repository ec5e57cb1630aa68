package io.daytona.toolbox.session.log;

/**
 * A line of a command's output with its newline, or a piece of a very long one.
 *
 * @param channel 1 stdout, 2 stderr
 * @param bytes holds the text; not changed by anybody
 * @param offset where the text begins
 * @param length bytes of it, at least 1
 */
public record LogRecord(int channel, byte[] bytes, int offset, int length) {
  /** Channel of standard output. */
  public static final int STDOUT = 1;

  /** Channel of standard error. */
  public static final int STDERR = 2;

  static LogRecord of(int channel, byte[] bytes) {
    return new LogRecord(channel, bytes, 0, bytes.length);
  }

  boolean endsLine() {
    return bytes[offset + length - 1] == '\n';
  }
}
