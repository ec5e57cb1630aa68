package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class FaultLogTest {
  private final AtomicLong now = new AtomicLong();
  private final AtomicInteger lines = new AtomicInteger();
  private final FaultLog log = new FaultLog(LoggerFactory.getLogger(FaultLogTest.class), now::get);

  private int written(String subject, int failures) {
    int before = lines.get();
    for (int i = 0; i < failures; i++) {
      log.write(subject, lines::incrementAndGet);
    }
    return lines.get() - before;
  }

  @Test
  void oneSandboxDoesNotFillTheLog() {
    assertEquals(FaultLog.MOST_OF_ONE, written("box", 10_000));
    assertEquals(5, written("other", 5));
    assertEquals(FaultLog.MOST - FaultLog.MOST_OF_ONE - 5, written("", 10_000));
    now.addAndGet(TimeUnit.SECONDS.toNanos(10));
    assertEquals(FaultLog.MOST_OF_ONE, written("box", 100));
  }

  @Test
  void causesAreOneLine() {
    Throwable failure =
        new IllegalStateException("broken", new IllegalArgumentException("its cause"));
    assertEquals(
        "java.lang.IllegalStateException: broken <- java.lang.IllegalArgumentException: its cause",
        FaultLog.causes(failure));
  }
}
