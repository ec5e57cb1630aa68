package io.daytona.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.bench.row.Samples;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ScoreTest {
  private static final double EXACT = 1e-9;
  private static final long SECOND = 1_000_000_000L;

  @Test
  void weighsMedianAndTails() {
    Samples hundred = new Samples();
    // Median 1 s, 95th percentile 2 s, 99th 4 s.
    LongStream.rangeClosed(1, 100)
        .map(n -> n <= 94 ? SECOND : n <= 98 ? 2 * SECOND : 4 * SECOND)
        .forEach(hundred::add);

    assertEquals(0.60 * 90 + 0.25 * 80 + 0.15 * 60, Score.of(hundred, 0), EXACT);
  }

  @Test
  void failuresTakeTheirShare() {
    Samples three = new Samples();
    three.add(0);
    three.add(0);
    three.add(0);

    assertEquals(75, Score.of(three, 1), EXACT);
    assertEquals(0, Score.of(new Samples(), 5), EXACT);
  }

  @Test
  void moreThanTenSecondsIsNoLessThanNothing() {
    Samples slow = new Samples();
    slow.add(25 * SECOND);

    assertEquals(0, Score.of(slow, 0), EXACT);
  }
}
