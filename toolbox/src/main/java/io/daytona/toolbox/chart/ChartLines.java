package io.daytona.toolbox.chart;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Takes the lines that describe charts out of a program's output (toolbox protocol §2.3). Used by
 * one thread.
 */
public final class ChartLines {
  private static final byte[] MARKER = "dtn_artifact_k39fd2:".getBytes(StandardCharsets.US_ASCII);

  /** Longest line that is read as a chart, and what the charts of one run may take, in bytes. */
  static final int MAX_BYTES = 16 << 20;

  private final boolean strict;
  private final Consumer<byte[]> rest;
  private final List<byte[]> charts = new ArrayList<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int left = MAX_BYTES;
  private boolean inChart;

  /** How much of the marker the line has begun with so far; −1 when it is another line. */
  private int matched;

  /**
   * @param strict whether charts keep the reference schema's keys only
   * @param rest takes everything else
   */
  public ChartLines(boolean strict, Consumer<byte[]> rest) {
    this.strict = strict;
    this.rest = rest;
  }

  /** Takes output. */
  public void add(byte[] bytes) {
    int from = 0; // the first byte not handed on yet
    int at = 0;
    while (at < bytes.length) {
      if (inChart) {
        int end = endOfLine(bytes, at);
        keep(bytes, at, end);
        if (end < bytes.length) {
          endChart();
          end++;
        }
        at = end;
        from = end;
      } else if (matched < 0) {
        int end = endOfLine(bytes, at);
        matched = end < bytes.length ? 0 : -1;
        at = Math.min(end + 1, bytes.length);
      } else if (bytes[at] == MARKER[matched]) {
        at++;
        matched++;
        if (matched == MARKER.length) {
          pass(bytes, from, at - Math.min(at - from, matched));
          inChart = true;
          matched = 0;
          from = at;
        }
      } else {
        passHeld(matched - (at - from));
        matched = -1;
      }
    }
    int held = matched > 0 ? Math.min(matched, at - from) : 0;
    pass(bytes, from, at - held);
  }

  /** Ends the last line. */
  public void finish() {
    if (inChart) {
      endChart();
    } else if (matched > 0) {
      passHeld(matched);
      matched = -1;
    }
  }

  /** JSON of the valid charts so far, in order. */
  public List<byte[]> charts() {
    return List.copyOf(charts);
  }

  /** Hands on the beginning of a marker that came in an earlier piece and was none. */
  private void passHeld(int count) {
    if (count > 0) {
      rest.accept(Arrays.copyOf(MARKER, count));
    }
  }

  private void pass(byte[] bytes, int from, int to) {
    if (from < to) {
      boolean whole = from == 0 && to == bytes.length;
      rest.accept(whole ? bytes : Arrays.copyOfRange(bytes, from, to));
    }
  }

  private void keep(byte[] bytes, int from, int to) {
    int count = Math.min(to - from, left + 1 - line.size());
    line.write(bytes, from, Math.max(0, count));
  }

  private void endChart() {
    inChart = false;
    if (line.size() <= left) {
      Chart.parse(line.toByteArray(), strict)
          .ifPresent(chart -> {
            charts.add(chart);
            left -= Math.min(left, chart.length);
          });
    }
    line.reset();
  }

  private static int endOfLine(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != '\n') {
      at++;
    }
    return at;
  }
}
