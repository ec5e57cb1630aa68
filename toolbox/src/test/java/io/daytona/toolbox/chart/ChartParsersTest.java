package io.daytona.toolbox.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A program's output that may hold charts, in pieces of as many bytes as the first byte says. */
public final class ChartParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "\u0007out\ndtn_artifact_k39fd2:{\"type\":\"chart\",\"value\":{\"type\":\"line\",\"elements\":[{\"label\":\"a\",\"points\":[[1,2]]}]}}\nrest",
          "\u007fdtn_artifact_k39fd2:{\"type\":\"chart\",\"value\":{\"type\":\"composite_chart\",\"elements\":[{\"type\":\"pie\",\"elements\":[]}],\"x_ticks\":[1e3]}}");

  /** Loads what parsing needs, which counts for no input. */
  public static void fuzzerInitialize() throws IOException {
    accepts(SEEDS.getFirst().getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    accepts(input);
  }

  static boolean accepts(byte[] input) throws IOException {
    byte[] output = Arrays.copyOfRange(input, Math.min(1, input.length), input.length);
    int piece = input.length == 0 ? 1 : Math.max(1, input[0]);
    ByteArrayOutputStream inPieces = new ByteArrayOutputStream();
    ByteArrayOutputStream atOnce = new ByteArrayOutputStream();
    List<byte[]> charts = charts(output, piece, inPieces);
    List<byte[]> same = charts(output, Math.max(1, output.length), atOnce);
    assertEquals(
        atOnce.toString(StandardCharsets.ISO_8859_1),
        inPieces.toString(StandardCharsets.ISO_8859_1));
    assertEquals(same.size(), charts.size(), "charts that depend on the pieces");
    assertTrue(inPieces.size() <= output.length, "output that never came");
    for (byte[] chart : charts) {
      assertTrue(Json.mapper().readTree(chart).path("elements").isArray(), "no chart");
    }
    ChartProgram.mayDraw(new String(output, StandardCharsets.UTF_8));
    return !charts.isEmpty();
  }

  private static List<byte[]> charts(byte[] output, int piece, ByteArrayOutputStream rest) {
    long[] taken = {0};
    ChartLines.Memory memory =
        new ChartLines.Memory() {
          @Override
          public boolean take(long bytes) {
            taken[0] += bytes;
            return true;
          }

          @Override
          public void give(long bytes) {
            taken[0] -= bytes;
          }
        };
    List<byte[]> charts;
    try (ChartLines lines = new ChartLines(true, memory, rest::writeBytes)) {
      for (int at = 0; at < output.length; at += piece) {
        lines.add(Arrays.copyOfRange(output, at, Math.min(output.length, at + piece)));
      }
      lines.finish();
      charts = lines.charts();
    }
    assertEquals(0, taken[0], "memory that is never given back");
    return charts;
  }

  @Test
  void seedsAreAccepted() throws IOException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
