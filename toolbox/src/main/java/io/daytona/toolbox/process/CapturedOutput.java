package io.daytona.toolbox.process;

import io.daytona.http.Call;
import io.daytona.toolbox.chart.ChartLines;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a program writes: all of it in order of arrival and, when the client asked for it, each
 * stream by itself; every part is bounded. Used by one thread.
 */
final class CapturedOutput implements AutoCloseable {
  private static final int STDERR = 2;

  private final OutputCapture all;
  private final @Nullable OutputCapture stdout;
  private final @Nullable OutputCapture stderr;
  private final @Nullable ChartLines charts;

  private CapturedOutput(
      OutputBudget budget,
      OutputCapture all,
      @Nullable OutputCapture stdout,
      @Nullable OutputCapture stderr,
      boolean takesCharts,
      boolean strict) {
    this.all = all;
    this.stdout = stdout;
    this.stderr = stderr;
    this.charts = takesCharts ? new ChartLines(strict, budget, this::addOutput) : null;
  }

  /**
   * Begins to capture.
   *
   * @param takesCharts whether lines that describe charts are taken out
   */
  static CapturedOutput of(Call<?> call, OutputLimits limits, boolean takesCharts) {
    boolean split = Additions.splitOutput(call);
    return new CapturedOutput(
        limits.all(),
        limits.capture(),
        split ? limits.capture() : null,
        split ? limits.capture() : null,
        takesCharts,
        !Additions.accepted(call));
  }

  /** Whether the program's streams must be told apart. */
  boolean isSplit() {
    return stdout != null;
  }

  /** Keeps bytes, which nobody changes from now on. */
  void add(int channel, byte[] bytes) {
    if (channel == STDERR) {
      all.add(bytes);
      if (stderr != null) {
        stderr.add(bytes);
      }
    } else if (charts != null) {
      charts.add(bytes);
    } else {
      addOutput(bytes);
    }
  }

  /** Keeps words of the platform's own about a program that did not start. */
  void addNotice(String text) {
    add(STDERR, text.getBytes(StandardCharsets.UTF_8));
  }

  /** No more comes. */
  void finish() {
    if (charts != null) {
      charts.finish();
    }
  }

  /** JSON of the charts, in order. */
  List<byte[]> charts() {
    return charts == null ? List.of() : charts.charts();
  }

  /** Everything. */
  OutputCapture all() {
    return all;
  }

  /** Standard output; null unless it was asked for. */
  @Nullable OutputCapture stdout() {
    return stdout;
  }

  /** Standard error; null unless it was asked for. */
  @Nullable OutputCapture stderr() {
    return stderr;
  }

  @Override
  public void close() {
    all.close();
    if (charts != null) {
      charts.close();
    }
    if (stdout != null) {
      stdout.close();
    }
    if (stderr != null) {
      stderr.close();
    }
  }

  private void addOutput(byte[] bytes) {
    all.add(bytes);
    if (stdout != null) {
      stdout.add(bytes);
    }
  }
}
