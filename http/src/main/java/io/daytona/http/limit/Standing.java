package io.daytona.http.limit;

import java.util.concurrent.TimeUnit;

/**
 * Where somebody stands in a window.
 *
 * @param limit what is allowed
 * @param counted times so far, those above the limit included
 * @param leftNanos nanoseconds until the window ends
 */
record Standing(RateLimit limit, long counted, long leftNanos) {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** How many more are allowed. */
  long remaining() {
    return Math.max(0, limit.limit() - counted);
  }

  /** Whether more was counted than is allowed. */
  boolean exceeded() {
    return counted > limit.limit();
  }

  /** Whole seconds after which the window has ended, at least one. */
  long resetSeconds() {
    return Math.max(1, Math.ceilDiv(leftNanos, SECOND));
  }
}
