package io.daytona.bench.row;

import java.util.ArrayList;
import java.util.List;

/** Durations of one row, in nanoseconds, in the order they were measured. */
public final class Samples {
  private final List<Long> nanos = new ArrayList<>();

  /** Adds one duration in nanoseconds. */
  public synchronized void add(long value) {
    nanos.add(value);
  }

  /** How many there are. */
  public synchronized int size() {
    return nanos.size();
  }

  /**
   * The value below which the given share (0…1) of the samples lies, in milliseconds, by nearest
   * rank.
   */
  public synchronized double millis(double share) {
    if (nanos.isEmpty()) {
      return Double.NaN;
    }
    List<Long> sorted = nanos.stream().sorted().toList();
    int rank = (int) Math.ceil(share * sorted.size());
    return sorted.get(Math.clamp(rank - 1, 0, sorted.size() - 1)) / 1e6;
  }

  /** All values in milliseconds, unsorted. */
  public synchronized List<Double> rawMillis() {
    return nanos.stream().map(value -> value / 1e6).toList();
  }

  /** Does something and adds how long it took. */
  public void time(Runnable action) {
    long begin = System.nanoTime();
    action.run();
    add(System.nanoTime() - begin);
  }

  /** Adds the rate of an amount of bytes, scaled so that {@link #millis} reads as MB/s. */
  public void addRate(long bytes, long nanos) {
    add((long) (bytes / 1e6 / (nanos / 1e9) * 1e6));
  }

  /** The rates of so many bytes moved in each of these durations, as {@link #addRate}. */
  public synchronized Samples rates(long bytes) {
    Samples rates = new Samples();
    nanos.forEach(duration -> rates.addRate(bytes, duration));
    return rates;
  }
}
