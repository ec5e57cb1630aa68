package io.daytona.toolbox.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How fast output without end is taken. */
class OutputPaceTest {
  private static final int PIECE = 256 << 10;
  private static final long START = -5;

  private final OutputPace pace = new OutputPace();
  private long now = START;

  @Test
  void ordinaryOutputIsTakenAsItComes() {
    for (long taken = 0; taken < OutputPace.FREE; taken += PIECE) {
      assertEquals(Duration.ZERO, pace.after(PIECE, now));
    }
  }

  @Test
  void outputWithoutEndIsTakenAtTheRate() {
    for (long taken = 0; taken < OutputPace.FREE + 10 * OutputPace.PER_SECOND; taken += PIECE) {
      now += pace.after(PIECE, now).toNanos();
    }
    assertEquals(10.0, (now - START) / 1e9, 0.1);
  }

  @Test
  void aProgramSlowerThanThatNeverWaits() {
    for (long taken = 0; taken < OutputPace.FREE + 2 * OutputPace.PER_SECOND; taken += PIECE) {
      assertEquals(Duration.ZERO, pace.after(PIECE, now));
      now += Duration.ofMillis(9).toNanos();
    }
    assertTrue(now > START);
  }
}
