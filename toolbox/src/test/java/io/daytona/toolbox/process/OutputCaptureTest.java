package io.daytona.toolbox.process;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The bound of captured output. */
class OutputCaptureTest {
  @Test
  void keepsEverythingWithinTheLimit() throws IOException {
    try (OutputCapture capture = new OutputCapture(100_000, new OutputBudget(1 << 20))) {
      StringBuilder expected = new StringBuilder();
      for (int i = 0; i < 9_000; i++) {
        capture.add(("" + i).getBytes(US_ASCII));
        expected.append(i);
      }
      assertEquals(expected.toString(), text(capture));
    }
  }

  @Test
  void leavesTheMiddleOut() throws IOException {
    try (OutputCapture capture = new OutputCapture(40_000, new OutputBudget(1 << 20))) {
      for (char letter = 'a'; letter <= 'z'; letter++) {
        capture.add(("" + letter).repeat(10_000).getBytes(US_ASCII));
      }
      assertEquals(
          "a".repeat(10_000)
              + "b".repeat(10_000)
              + "\n[... 220000 bytes of output left out ...]\n"
              + "y".repeat(10_000)
              + "z".repeat(10_000),
          text(capture));
    }
  }

  @Test
  void neverTakesMoreThanTheBudgetAndGivesItBack() throws IOException {
    OutputBudget budget = new OutputBudget(50_000);
    OutputCapture first = new OutputCapture(1 << 20, budget);
    OutputCapture second = new OutputCapture(1 << 20, budget);
    for (int i = 0; i < 10; i++) {
      first.add(new byte[10_000]);
      second.add(new byte[10_000]);
    }
    assertFalse(budget.take(25_000), "most is taken");
    String kept = text(first) + text(second);
    assertTrue(kept.contains(" bytes of output left out ..."), kept);
    first.close();
    second.close();
    first.close();
    assertTrue(budget.take(50_000), "all came back");
    assertFalse(budget.take(1), "once");
  }

  @Test
  void oneThatFloodsLeavesRoomForOthers() throws IOException {
    OutputBudget budget = new OutputBudget(3 << 20);
    OutputCapture flood = new OutputCapture(32 << 20, budget);
    for (int i = 0; i < 1_000; i++) {
      flood.add(new byte[10_000]);
    }
    assertTrue(budget.take(1 << 20), "a third is left");
    OutputCapture line = new OutputCapture(32 << 20, budget);
    line.add("here\n".getBytes(US_ASCII));
    assertEquals("here\n", text(line), "whatever is left");
    flood.close();
    line.close();
    assertTrue(budget.take(2 << 20), "all came back");
    assertFalse(budget.take(1), "once");
  }

  private static String text(OutputCapture capture) throws IOException {
    return new String(capture.read().readAllBytes(), US_ASCII);
  }
}
