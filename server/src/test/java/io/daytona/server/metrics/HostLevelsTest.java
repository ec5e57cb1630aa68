package io.daytona.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.RunnerStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HostLevelsTest {
  private static final RunnerStatus STATUS = new RunnerStatus(1, 2, 3, 4, 5, 6, 7);

  @Test
  void aHostThatHangsIsAskedOnceAndHoldsNobodyUp() {
    CountDownLatch answers = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    HostLevels levels =
        new HostLevels(
            () -> {
              asked.incrementAndGet();
              try {
                answers.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return STATUS;
            },
            Duration.ofMillis(20));
    assertEquals(Optional.empty(), levels.current());
    assertEquals(Optional.empty(), levels.current());
    assertEquals(1, asked.get());
    answers.countDown();
    Optional<RunnerStatus> told = Optional.empty();
    while (told.isEmpty()) {
      told = levels.current();
    }
    assertEquals(STATUS, told.get());
  }

  @Test
  void aHostThatFailsHasNoLevels() {
    HostLevels levels =
        new HostLevels(
            () -> {
              throw DaytonaException.unavailable("no jailer", Duration.ofSeconds(1));
            },
            Duration.ofSeconds(10));
    assertEquals(Optional.empty(), levels.current());
  }
}
