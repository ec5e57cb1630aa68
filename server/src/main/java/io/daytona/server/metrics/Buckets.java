package io.daytona.server.metrics;

import java.time.Duration;
import java.util.stream.DoubleStream;

/** Upper bounds of the histograms: close together around the budgets of SPECIFICATION.md. */
final class Buckets {
  /** Any request: 0.5 ms to 30 s. */
  static final Duration[] REQUEST =
      millis(0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000);

  /** A create: 10 ms to 30 s. */
  static final Duration[] CREATE =
      millis(10, 15, 20, 30, 50, 75, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000);

  /** A command, the time it runs included: 0.5 ms to 5 min. */
  static final Duration[] EXEC =
      millis(0.5, 1, 1.5, 2, 3, 5, 10, 25, 50, 100, 500, 1000, 5000, 30_000, 300_000);

  private Buckets() {}

  private static Duration[] millis(double... bounds) {
    return DoubleStream.of(bounds)
        .mapToObj(bound -> Duration.ofNanos((long) (bound * 1e6)))
        .toArray(Duration[]::new);
  }
}
