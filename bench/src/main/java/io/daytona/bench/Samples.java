package io.daytona.bench;

import java.util.ArrayList;
import java.util.List;

/** Durations of one row, in nanoseconds, in the order they were measured. */
final class Samples {
  private final List<Long> nanos = new ArrayList<>();

  synchronized void add(long value) {
    nanos.add(value);
  }

  synchronized int size() {
    return nanos.size();
  }

  /**
   * The value below which the given share (0…1) of the samples lies, in milliseconds, by nearest
   * rank.
   */
  synchronized double millis(double share) {
    if (nanos.isEmpty()) {
      return Double.NaN;
    }
    List<Long> sorted = nanos.stream().sorted().toList();
    int rank = (int) Math.ceil(share * sorted.size());
    return sorted.get(Math.clamp(rank - 1, 0, sorted.size() - 1)) / 1e6;
  }

  /** All values in milliseconds, unsorted. */
  synchronized List<Double> rawMillis() {
    return nanos.stream().map(value -> value / 1e6).toList();
  }
}
