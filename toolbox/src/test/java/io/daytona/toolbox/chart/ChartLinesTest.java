package io.daytona.toolbox.chart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that describe charts are taken out of the output (toolbox protocol §2.3). */
class ChartLinesTest {
  private static final String MARKER = "dtn_artifact_k39fd2:";
  private static final String CHART =
      MARKER + "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[]}}\n";

  private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
  private final Memory memory = new Memory(64 << 20);
  private final ChartLines lines = new ChartLines(false, memory, rest::writeBytes);

  /** So many bytes. */
  private static final class Memory implements ChartLines.Memory {
    private long left;

    Memory(long bytes) {
      left = bytes;
    }

    @Override
    public boolean take(long bytes) {
      boolean there = bytes <= left;
      left -= there ? bytes : 0;
      return there;
    }

    @Override
    public void give(long bytes) {
      left += bytes;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 19, 20, 21, 50, 100_000})
  void aLineIsTakenOutHoweverItArrives(int size) {
    String text =
        "dtn_artifact_ no\n"
            + CHART
            + "\ndtn_dtn_artifact_k39fd2:\n"
            + CHART
            + CHART
            + "a "
            + MARKER
            + "{}\ndtn_art";
    feed(text, size);
    assertEquals(
        "dtn_artifact_ no\n\ndtn_dtn_artifact_k39fd2:\na " + MARKER + "{}\ndtn_art",
        rest.toString(UTF_8));
    assertEquals(3, lines.charts().size());
  }

  @Test
  void aLastLineNeedsNoNewline() {
    feed(CHART.strip(), 10);
    assertEquals("", rest.toString(UTF_8));
    assertEquals(
        List.of("{\"type\":\"line\",\"elements\":[]}"),
        lines.charts().stream().map(chart -> new String(chart, UTF_8)).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no json",
        "[]",
        "{}",
        "{\"type\":\"chart\"}",
        "{\"type\":\"picture\",\"value\":{\"type\":\"line\",\"elements\":[]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\"}}",
        "{\"type\":\"chart\",\"value\":{\"elements\":[]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"novel\",\"elements\":[]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":{}}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[null]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[],\"title\":7}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"bar\",\"elements\":[{\"value\":3}]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[],\"x_ticks\":[\"a\"]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[{\"points\":[1]}]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[]}} more",
        "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[],\"x_ticks\":[1e999]}}",
        "{\"type\":\"chart\",\"value\":{\"type\":\"pie\",\"elements\":[{\"angle\":-1e999}]}}",
        "\0\0\0{\0\u0011\0\0", // UTF-32, of no character
      })
  void whatIsNoChartIsDropped(String json) {
    feed("a\n" + MARKER + json + "\nb\n", 1_000);
    assertEquals("a\nb\n", rest.toString(UTF_8));
    assertEquals(List.of(), lines.charts());
  }

  @Test
  void aTextOfBracketsIsNotParsed() {
    String key = "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[],\"novel\":[";
    feed(MARKER + key + "[],".repeat(200_000) + "1]}}\n", 100_000);
    assertEquals(List.of(), lines.charts());
    feed(MARKER + key + "[],".repeat(100_000) + "1]}}\n", 100_000);
    assertEquals(1, lines.charts().size());
  }

  @Test
  void whatThereIsNoMemoryForIsLeftOut() {
    memory.left = 2_000;
    feed(MARKER + "{\"title\":\"" + "x".repeat(2_000) + "\"}\na\n", 100);
    assertEquals("a\n", rest.toString(UTF_8));
    assertEquals(2_000, memory.left);
    feed(CHART, 100);
    assertEquals(1, lines.charts().size());
    assertTrue(memory.left < 2_000);
    feed(MARKER + "{\"title\":", 100);
    lines.close();
    assertEquals(2_000, memory.left);
  }

  @Test
  void unknownKeysAreLeftOut() {
    feed(
        MARKER
            + "{\"type\":\"chart\",\"value\":{\"type\":\"bar\",\"title\":null,\"novel\":1,"
            + "\"elements\":[{\"label\":\"a\",\"value\":\"3\",\"autopct\":\"x\"}]}}\n",
        1_000);
    assertEquals(
        "{\"type\":\"bar\",\"elements\":[{\"label\":\"a\",\"value\":\"3\"}]}",
        new String(lines.charts().getFirst(), UTF_8));
  }

  @Test
  void aStrictClientGetsPartsWithoutParts() {
    ChartLines strict = new ChartLines(true, memory, rest::writeBytes);
    strict.add(
        (MARKER
                + "{\"type\":\"chart\",\"value\":{\"type\":\"composite_chart\",\"elements\":[{"
                + "\"type\":\"line\",\"title\":\"t\",\"x_ticks\":[1],\"elements\":[]}]}}\n")
            .getBytes(UTF_8));
    assertEquals(
        "{\"type\":\"composite_chart\",\"elements\":[{\"type\":\"line\",\"title\":\"t\"}]}",
        new String(strict.charts().getFirst(), UTF_8));
  }

  @Test
  void memoryIsBounded() {
    String png = "x".repeat(5 << 20);
    for (int i = 0; i < 10; i++) {
      feed(
          MARKER
              + "{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[],\"png\":\""
              + png
              + "\"}}\n",
          100_000);
    }
    assertEquals(3, lines.charts().size());
    assertEquals(0, rest.size());
    assertTrue(lines.charts().stream().mapToInt(chart -> chart.length).sum() <= 16 << 20);
  }

  private void feed(String text, int size) {
    byte[] bytes = text.getBytes(UTF_8);
    for (int at = 0; at < bytes.length; at += size) {
      lines.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + size)));
    }
    if (!text.endsWith("\n")) {
      lines.finish();
    }
  }
}
