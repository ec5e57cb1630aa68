package io.daytona.bench.row;

import java.util.List;

/**
 * One line of the report.
 *
 * @param name what was measured
 * @param unit unit of the figures: {@code ms}, {@code MB/s}, {@code s}, {@code MB}
 * @param count how many samples
 * @param failures calls that did not succeed
 * @param p50 median; the only figure of single-valued rows
 * @param p95 95th percentile; NaN for single-valued rows
 * @param p99 99th percentile; NaN for single-valued rows
 * @param budget the budget beside it, as in ARCHITECTURE.md; empty when there is none
 * @param within whether the budget is kept; true without one
 * @param raw every sample
 * @param system the operating system's own figure for the same
 * @param docker Docker's figure for the same
 * @param note why there is no figure; empty otherwise
 */
public record Row(
    String name,
    String unit,
    int count,
    int failures,
    double p50,
    double p95,
    double p99,
    String budget,
    boolean within,
    List<Double> raw,
    Reference system,
    Reference docker,
    String note) {

  /**
   * What a row stands beside.
   *
   * @param what what was measured; empty for none
   * @param p50 its median, in the row's unit; NaN for none
   * @param raw every sample
   */
  public record Reference(String what, double p50, List<Double> raw) {
    /** No figure. */
    public static final Reference NONE = new Reference("", Double.NaN, List.of());

    /** A figure that could not be had, with the reason. */
    public static Reference failed(String why) {
      return new Reference("FAILED: " + why, Double.NaN, List.of());
    }

    /** A figure of samples. */
    public static Reference of(String what, Samples samples) {
      return new Reference(what, samples.millis(0.5), samples.rawMillis());
    }

    /** One figure. */
    public static Reference of(String what, double value) {
      return new Reference(what, value, List.of(value));
    }
  }

  /** A row of latencies with budgets for p50 and p99 in milliseconds; NaN where there is none. */
  public static Row latency(
      String name, Samples samples, int failures, double budget50, double budget99) {
    double p50 = samples.millis(0.5);
    double p99 = samples.millis(0.99);
    boolean within =
        failures == 0
            && (Double.isNaN(budget50) || p50 <= budget50)
            && (Double.isNaN(budget99) || p99 <= budget99);
    return new Row(
        name,
        "ms",
        samples.size(),
        failures,
        p50,
        samples.millis(0.95),
        p99,
        budgetText(budget50, budget99),
        within,
        samples.rawMillis(),
        Reference.NONE,
        Reference.NONE,
        "");
  }

  /** A row with one figure that must not exceed its budget. */
  public static Row atMost(String name, String unit, double value, double budget, int failures) {
    return new Row(
        name,
        unit,
        1,
        failures,
        value,
        Double.NaN,
        Double.NaN,
        "<= " + trim(budget),
        failures == 0 && value <= budget,
        List.of(value),
        Reference.NONE,
        Reference.NONE,
        "");
  }

  /** A row with one figure that must reach its budget. */
  public static Row atLeast(String name, String unit, Samples ratesTimesMillion, double budget) {
    double p50 = ratesTimesMillion.millis(0.5);
    return new Row(
        name,
        unit,
        ratesTimesMillion.size(),
        0,
        p50,
        ratesTimesMillion.millis(0.05),
        ratesTimesMillion.millis(0.01),
        ">= " + trim(budget),
        p50 >= budget,
        ratesTimesMillion.rawMillis(),
        Reference.NONE,
        Reference.NONE,
        "");
  }

  /** A row that the platform cannot give. */
  public static Row unavailable(String name, String note) {
    return empty(name, 0, note);
  }

  /** A row that failed. */
  public static Row failed(String name, String note) {
    return empty(name, 1, note);
  }

  private static Row empty(String name, int failures, String note) {
    double none = Double.NaN;
    boolean within = failures == 0;
    return new Row(
        name,
        "",
        0,
        failures,
        none,
        none,
        none,
        "",
        within,
        List.of(),
        Reference.NONE,
        Reference.NONE,
        note);
  }

  /** A row of latencies without a budget. */
  public static Row latency(String name, Samples samples, int failures) {
    return latency(name, samples, failures, Double.NaN, Double.NaN);
  }

  /** A row with one figure, without a budget. */
  public static Row figure(String name, String unit, double value, int failures) {
    return new Row(
        name,
        unit,
        1,
        failures,
        value,
        Double.NaN,
        Double.NaN,
        "",
        failures == 0,
        List.of(value),
        Reference.NONE,
        Reference.NONE,
        "");
  }

  /** The same row beside the operating system's own figure. */
  public Row beside(Reference reference) {
    return with(reference, docker);
  }

  /** The same row beside Docker's figure. */
  public Row besideDocker(Reference reference) {
    return with(system, reference);
  }

  private Row with(Reference newSystem, Reference newDocker) {
    return new Row(
        name, unit, count, failures, p50, p95, p99, budget, within, raw, newSystem, newDocker,
        note);
  }

  /** How many times the reference's cost; NaN without its figure. */
  public double ratio(Reference reference) {
    boolean moreIsBetter = unit.endsWith("/s") || unit.equals("points");
    return moreIsBetter ? reference.p50() / p50 : p50 / reference.p50();
  }

  private static String budgetText(double p50, double p99) {
    if (Double.isNaN(p50)) {
      return "";
    }
    return Double.isNaN(p99) ? trim(p50) : trim(p50) + " / " + trim(p99);
  }

  private static String trim(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
