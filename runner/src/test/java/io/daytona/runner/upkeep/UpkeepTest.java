package io.daytona.runner.upkeep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UpkeepTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  /** Hands out what a test put in; urgent work also while creates are in flight. */
  private static final class Work implements Chore {
    private final BlockingQueue<Runnable> patient = new LinkedBlockingQueue<>();
    private final BlockingQueue<Runnable> urgent = new LinkedBlockingQueue<>();

    @Override
    public String name() {
      return "work of a test";
    }

    @Override
    public @Nullable Runnable next(boolean busy) {
      Runnable task = urgent.poll();
      return task != null || busy ? task : patient.poll();
    }
  }

  @Test
  void doesTheWorkThatIsOffered() throws Exception {
    Work work = new Work();
    AtomicInteger done = new AtomicInteger();
    work.patient.add(done::incrementAndGet);
    work.patient.add(done::incrementAndGet);
    try (Upkeep upkeep = new Upkeep()) {
      upkeep.start(2, List.of(work));
      assertTrue(upkeep.awaitIdle(LONG));
      assertEquals(2, done.get());
      work.patient.add(done::incrementAndGet);
      upkeep.wake();
      assertTrue(upkeep.awaitIdle(LONG));
      assertEquals(3, done.get());
    }
  }

  @Test
  void givesWayToCreatesInFlight() throws Exception {
    Work work = new Work();
    AtomicInteger patient = new AtomicInteger();
    CountDownLatch urgent = new CountDownLatch(1);
    try (Upkeep upkeep = new Upkeep()) {
      upkeep.start(1, List.of(work));
      try (Upkeep.InFlight _ = upkeep.create()) {
        work.patient.add(patient::incrementAndGet);
        work.urgent.add(urgent::countDown);
        upkeep.wake();
        assertTrue(urgent.await(20, TimeUnit.SECONDS));
        assertFalse(upkeep.awaitIdle(Duration.ZERO));
        assertEquals(0, patient.get());
      }
      assertTrue(upkeep.awaitIdle(LONG));
      assertEquals(1, patient.get());
    }
  }

  @Test
  void carriesOnAfterAFailure() throws Exception {
    Work failing = new Work();
    Work other = new Work();
    CountDownLatch done = new CountDownLatch(2);
    failing.patient.add(() -> {
      throw new IllegalStateException("as the test wants");
    });
    failing.patient.add(done::countDown);
    other.patient.add(done::countDown);
    try (Upkeep upkeep = new Upkeep()) {
      upkeep.start(1, List.of(failing, other));
      assertTrue(done.await(20, TimeUnit.SECONDS));
      assertTrue(upkeep.awaitIdle(LONG));
    }
  }
}
