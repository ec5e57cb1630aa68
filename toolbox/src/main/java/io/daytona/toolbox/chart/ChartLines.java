package io.daytona.toolbox.chart;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the lines that describe charts out of a program's output (toolbox protocol §2.3). Used by
 * one thread.
 */
public final class ChartLines implements AutoCloseable {
  private static final byte[] MARKER = "dtn_artifact_k39fd2:".getBytes(StandardCharsets.US_ASCII);

  /** Longest line that is read as a chart, and what the charts of one run may take, in bytes. */
  static final int MAX_BYTES = 16 << 20;

  private final boolean strict;
  private final Memory memory;
  private final Consumer<byte[]> rest;
  private final List<byte[]> charts = new ArrayList<>();
  private @Nullable ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int left = MAX_BYTES;
  private long taken;
  private boolean inChart;

  /** How much of the marker the line has begun with so far; −1 when it is another line. */
  private int matched;

  /** Where the bytes of charts come from, which are kept until the program has ended. */
  public interface Memory {
    /** Takes bytes, or nothing and false when there are too few. */
    boolean take(long bytes);

    /** Gives bytes back. */
    void give(long bytes);
  }

  /**
   * @param strict whether charts keep the reference schema's keys only
   * @param memory what all programs share; a chart that it has no room for is left out
   * @param rest takes everything else
   */
  public ChartLines(boolean strict, Memory memory, Consumer<byte[]> rest) {
    this.strict = strict;
    this.memory = memory;
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

  /** Lets go of the memory. */
  @Override
  public void close() {
    line = null;
    charts.clear();
    give(taken);
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

  /** Holds a piece of a line; of one that is too long nothing is held. */
  private void keep(byte[] bytes, int from, int to) {
    ByteArrayOutputStream held = line;
    if (held == null) {
      return;
    }
    int count = to - from;
    if (held.size() + count <= left && take(count)) {
      held.write(bytes, from, count);
    } else {
      give(held.size());
      line = null;
    }
  }

  private void endChart() {
    inChart = false;
    ByteArrayOutputStream held = line;
    line = new ByteArrayOutputStream();
    if (held == null) {
      return;
    }
    Chart.parse(held.toByteArray(), strict)
        .filter(chart -> chart.length <= left && take(chart.length))
        .ifPresent(chart -> {
          charts.add(chart);
          left -= chart.length;
        });
    give(held.size());
  }

  private boolean take(long bytes) {
    boolean there = memory.take(bytes);
    taken += there ? bytes : 0;
    return there;
  }

  private void give(long bytes) {
    memory.give(bytes);
    taken -= bytes;
  }

  private static int endOfLine(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != '\n') {
      at++;
    }
    return at;
  }
}
