package io.daytona.toolbox.process;

import java.time.Duration;

/**
 * Bounds how fast output without end is taken: what a program writes costs its own CPU share, what
 * the server does with it would be taken from everybody. The first {@value #FREE} bytes are taken
 * as fast as they come, more at {@value #PER_SECOND} bytes a second; the program waits meanwhile.
 * Used by one thread.
 */
final class OutputPace {
  static final long FREE = 64 << 20;
  static final long PER_SECOND = 32 << 20;

  /** Shorter waits are saved up. */
  private static final Duration STEP = Duration.ofMillis(10);

  private long bytes;
  private long paidNanos;

  /**
   * How long to take nothing after a piece of output.
   *
   * @param now {@link System#nanoTime}
   */
  Duration after(int taken, long now) {
    long before = bytes;
    bytes += taken;
    if (bytes <= FREE) {
      return Duration.ZERO;
    }
    if (before <= FREE) {
      paidNanos = now;
    }
    paidNanos = Math.max(paidNanos, now - STEP.toNanos());
    paidNanos += (bytes - Math.max(before, FREE)) * 1_000_000_000L / PER_SECOND;
    Duration debt = Duration.ofNanos(paidNanos - now);
    return debt.compareTo(STEP) < 0 ? Duration.ZERO : debt;
  }
}
