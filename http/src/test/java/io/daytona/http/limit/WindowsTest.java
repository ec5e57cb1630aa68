package io.daytona.http.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WindowsTest {
  private static final RateLimit TWO_IN_TEN_SECONDS = new RateLimit(2, 10);

  // System.nanoTime may begin below zero.
  private final AtomicLong nanos = new AtomicLong(-3_000_000_000L);
  private final Windows windows = new Windows(nanos::get);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private Standing count() {
    return windows.count("one", TWO_IN_TEN_SECONDS);
  }

  @Test
  void countsUpToTheLimitAndBeyond() {
    assertEquals(1, count().remaining());
    Standing second = count();
    assertEquals(0, second.remaining());
    assertFalse(second.exceeded());
    Standing third = count();
    assertTrue(third.exceeded());
    assertEquals(0, third.remaining());
    assertFalse(windows.count("other", TWO_IN_TEN_SECONDS).exceeded());
  }

  @Test
  void aWindowBeginsWithWhatIsCountedFirstAndEndsToTheNanosecond() {
    pass(Duration.ofSeconds(7));
    assertEquals(10, count().resetSeconds());
    pass(Duration.ofSeconds(4).plusMillis(1));
    assertEquals(6, count().resetSeconds());
    pass(Duration.ofSeconds(5).plusMillis(998));
    Standing last = count();
    assertTrue(last.exceeded());
    assertEquals(1, last.resetSeconds());
    pass(Duration.ofNanos(999_999));
    assertTrue(count().exceeded());
    pass(Duration.ofNanos(1));
    Standing next = count();
    assertEquals(1, next.remaining());
    assertEquals(10, next.resetSeconds());
  }

  @Test
  void lookingCountsNothing() {
    assertEquals(Optional.empty(), windows.look("one", TWO_IN_TEN_SECONDS));
    count();
    for (int i = 0; i < 5; i++) {
      assertEquals(1, windows.look("one", TWO_IN_TEN_SECONDS).orElseThrow().remaining());
    }
    pass(Duration.ofSeconds(10));
    assertEquals(Optional.empty(), windows.look("one", TWO_IN_TEN_SECONDS));
  }

  @Test
  void anotherLimitBeginsAnotherWindow() {
    IntStream.range(0, 3).forEach(_ -> count());
    assertEquals(4, windows.count("one", new RateLimit(5, 10)).remaining());
    assertEquals(1, windows.count("one", new RateLimit(2, 11)).remaining());
  }

  @Test
  void nothingIsLostWhenManyCountAtOnce() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 1000; i++) {
        threads.execute(() -> windows.count("crowd", TWO_IN_TEN_SECONDS));
      }
    }
    assertEquals(1001, windows.count("crowd", TWO_IN_TEN_SECONDS).counted());
  }

  @Test
  void manyAddressesTakeABoundedAmountOfMemory() {
    long most = 0;
    for (int i = 0; i < 3 * Windows.MOST; i++) {
      windows.count("address " + i, TWO_IN_TEN_SECONDS);
      if (i % 1000 == 0) {
        windows.count("insistent", TWO_IN_TEN_SECONDS);
        most = Math.max(most, windows.size());
      }
    }
    assertTrue(most <= Windows.MOST, most + " windows");
    assertEquals(61, windows.count("insistent", TWO_IN_TEN_SECONDS).counted());
    pass(Duration.ofSeconds(12));
    // What has ended is cleared up in parts.
    for (long left = windows.size(), before = left + 1; left < before; ) {
      before = left;
      left = windows.size();
    }
    assertEquals(0, windows.size());
  }
}
