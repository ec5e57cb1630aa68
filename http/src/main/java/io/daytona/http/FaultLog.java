package io.daytona.http;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Failures in the log, bounded in number: in a window of ten seconds {@value #MOST} lines, and
 * {@value #MOST_OF_ONE} about one sandbox. What is left out is counted, and the first line after it
 * is preceded by the count.
 */
final class FaultLog {
  static final int MOST = 200;
  static final int MOST_OF_ONE = 20;

  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int CAUSES = 4;

  private final Logger log;
  private final LongSupplier nanos;
  private final Map<String, Integer> written = new HashMap<>();
  private long windowEnd;
  private int lines;
  private long leftOut;

  /**
   * @param log where the lines go
   * @param nanos clock that only goes forward, such as {@link System#nanoTime}
   */
  FaultLog(Logger log, LongSupplier nanos) {
    this.log = log;
    this.nanos = nanos;
    this.windowEnd = nanos.getAsLong() + WINDOW_NANOS;
  }

  /**
   * Writes a line.
   *
   * @param subject id of the sandbox it is about, empty for none
   */
  void write(String subject, Runnable line) {
    long missed;
    synchronized (this) {
      if (nanos.getAsLong() - windowEnd >= 0) {
        windowEnd = nanos.getAsLong() + WINDOW_NANOS;
        lines = 0;
        written.clear();
      }
      if (lines >= MOST
          || (!subject.isEmpty() && written.merge(subject, 1, Integer::sum) > MOST_OF_ONE)) {
        leftOut++;
        return;
      }
      lines++;
      missed = leftOut;
      leftOut = 0;
    }
    if (missed > 0) {
      log.warn("{} lines about failures were left out", missed);
    }
    line.run();
  }

  /** A failure and what caused it, in one line. */
  static String causes(Throwable failure) {
    StringBuilder text = new StringBuilder();
    Throwable next = failure;
    for (int i = 0; i < CAUSES && next != null; i++) {
      text.append(i == 0 ? "" : " <- ").append(next);
      next = next.getCause();
    }
    return text.toString();
  }
}
