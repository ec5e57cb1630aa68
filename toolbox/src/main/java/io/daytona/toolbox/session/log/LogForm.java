package io.daytona.toolbox.session.log;

/** What of a log a client sees (toolbox protocol §3.3–3.5). */
public enum LogForm {
  /** Both channels, every line behind the three-byte marker of its channel. */
  MARKED,
  /** Both channels as they come. */
  COMBINED,
  /** Standard output only. */
  STDOUT,
  /** Standard error only. */
  STDERR;

  boolean shows(int channel) {
    return switch (this) {
      case MARKED, COMBINED -> true;
      case STDOUT -> channel == LogRecord.STDOUT;
      case STDERR -> channel == LogRecord.STDERR;
    };
  }
}
