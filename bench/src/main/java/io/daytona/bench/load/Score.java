package io.daytona.bench.load;

import io.daytona.bench.row.Samples;

/** The points of the field's public yardstick. */
final class Score {
  private static final double WORST_MILLIS = 10_000;

  private Score() {}

  /**
   * The share that succeeded × (0.60·s(median) + 0.25·s(p95) + 0.15·s(p99)) with s(v) = 100·(1 − v
   * / 10 s), and 0 for more than ten seconds.
   *
   * @param samples durations of the calls that succeeded
   * @param failures how many did not
   * @return 0 to 100
   */
  static double of(Samples samples, int failures) {
    if (samples.size() == 0) {
      return 0;
    }
    double success = samples.size() / (double) (samples.size() + failures);
    return success
        * (0.60 * points(samples.millis(0.5))
            + 0.25 * points(samples.millis(0.95))
            + 0.15 * points(samples.millis(0.99)));
  }

  private static double points(double millis) {
    return 100 * Math.max(0, 1 - millis / WORST_MILLIS);
  }
}
