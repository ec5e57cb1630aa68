package io.daytona.http.limit;

/**
 * How often something may happen.
 *
 * @param limit times in one window, 1 or more
 * @param ttl length of a window in seconds, 1 to {@value #LONGEST_SECONDS}
 */
public record RateLimit(int limit, int ttl) {
  /** A day. */
  public static final int LONGEST_SECONDS = 86_400;

  /** Checks the ranges. */
  public RateLimit {
    if (limit < 1) {
      throw new IllegalArgumentException("a rate limit is 1 or more, not " + limit);
    }
    if (ttl < 1 || ttl > LONGEST_SECONDS) {
      throw new IllegalArgumentException(
          "the window of a rate limit is 1 to " + LONGEST_SECONDS + " seconds, not " + ttl);
    }
  }
}
