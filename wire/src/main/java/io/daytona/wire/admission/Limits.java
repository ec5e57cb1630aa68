package io.daytona.wire.admission;

import java.time.Duration;

/**
 * How much there is of something, and who may have how much of it.
 *
 * @param total units of all together, 1 or more
 * @param share most units of one organization; a single larger demand is met when it has none
 * @param queue demands that wait, 0 or more
 * @param queueShare demands of one organization that wait
 * @param patience how long one waits
 */
public record Limits(long total, long share, int queue, int queueShare, Duration patience) {
  private static final int PERCENT = 100;

  /** Checks the ranges. */
  public Limits {
    if (total < 1 || share < 1 || share > total || queue < 0 || queueShare > queue) {
      throw new IllegalArgumentException(
          "no limits of something shared: %d units, %d of them for one, %d waiting, %d of one"
              .formatted(total, share, queue, queueShare));
    }
  }

  /**
   * Limits with the same share of units and queue.
   *
   * @param percent of each that one organization may have, 1 to 100, rounded up
   */
  public static Limits of(long total, int queue, Duration patience, int percent) {
    return new Limits(
        total, part(total, percent), queue, Math.toIntExact(part(queue, percent)), patience);
  }

  /** The same amount for whoever asks first. */
  public static Limits undivided(long total, int queue, Duration patience) {
    return of(total, queue, patience, PERCENT);
  }

  private static long part(long whole, int percent) {
    if (percent < 1 || percent > PERCENT) {
      throw new IllegalArgumentException(
          "the share of one organization is 1 to 100 percent, not " + percent);
    }
    return Math.ceilDiv(whole * percent, PERCENT);
  }
}
