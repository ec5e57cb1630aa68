package io.daytona.wire.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BulkheadTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  private static Bulkhead bulkhead(Limits limits) {
    return new Bulkhead("test", "things at once", limits);
  }

  /** Waits for units on a thread of its own and notes who got them. */
  private Future<?> later(
      Bulkhead bulkhead, String organization, long units, ConcurrentLinkedQueue<String> served) {
    int before = bulkhead.level().waiting();
    Future<?> done =
        threads.submit(() -> {
          try (Bulkhead.Hold hold = bulkhead.hold(organization)) {
            hold.take(units, Bulkhead.Caller.STAYS);
            served.add(organization);
          }
          return null;
        });
    until(() -> bulkhead.level().waiting() > before || done.isDone());
    return done;
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  private static int refused(Throwable failure) {
    Throwable cause =
        failure instanceof ExecutionException || failure instanceof CompletionException
            ? failure.getCause()
            : failure;
    DaytonaException refusal = assertInstanceOf(DaytonaException.class, cause);
    assertTrue(refusal.retryAfter().isPresent());
    return refusal.kind().status();
  }

  @Test
  void manyOfOneDoNotDelayTheFirstOfAnother() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.undivided(1, 1000, LONG));
    ConcurrentLinkedQueue<String> served = new ConcurrentLinkedQueue<>();
    Bulkhead.Hold all = bulkhead.hold("a");
    all.take(1, Bulkhead.Caller.STAYS);
    List<Future<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      waiting.add(later(bulkhead, "a", 1, served));
    }
    waiting.add(later(bulkhead, "b", 1, served));
    waiting.add(later(bulkhead, "c", 1, served));
    all.close();
    for (Future<?> one : waiting) {
      one.get();
    }
    assertTrue(List.copyOf(served).subList(0, 4).containsAll(List.of("b", "c")), "" + served);
    assertEquals(0, bulkhead.level().used());
    assertEquals(0, bulkhead.level().waiting());
  }

  @Test
  void aShareLeavesRoomForOthers() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.of(4, 8, LONG, 75));
    Bulkhead.Hold a = bulkhead.hold("a");
    a.take(3, Bulkhead.Caller.STAYS);
    assertFalse(a.tryTake(1));
    assertEquals(429, refused(bulkhead.full("a")));
    List<Future<?>> waiting = new ArrayList<>();
    ConcurrentLinkedQueue<String> served = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < 6; i++) {
      waiting.add(later(bulkhead, "a", 1, served));
    }
    assertEquals(
        429,
        refused(
            assertThrows(ExecutionException.class, () -> later(bulkhead, "a", 1, served).get())));
    // Not behind those of "a", which wait for themselves.
    later(bulkhead, "b", 1, served).get();
    assertEquals(List.of("b"), List.copyOf(served));
    a.close();
    for (Future<?> one : waiting) {
      one.get();
    }
    assertEquals(0, bulkhead.level().refused().get(Refusal.QUEUE_FULL));
    assertEquals(2, bulkhead.level().refused().get(Refusal.SHARE_FULL));
  }

  @Test
  void aLargeDemandIsNotOvertakenForEver() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.undivided(10, 10, LONG));
    Bulkhead.Hold first = bulkhead.hold("a");
    first.take(6, Bulkhead.Caller.STAYS);
    ConcurrentLinkedQueue<String> served = new ConcurrentLinkedQueue<>();
    Future<?> large = later(bulkhead, "b", 10, served);
    Future<?> small = later(bulkhead, "c", 1, served);
    assertFalse(bulkhead.hold("d").tryTake(1), "somebody waits");
    assertTrue(served.isEmpty());
    first.close();
    large.get();
    small.get();
    assertEquals(List.of("b", "c"), List.copyOf(served));
  }

  @Test
  void refusesWhatWouldWaitTooLongOrBehindTooMany() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.undivided(1, 1, Duration.ofMillis(50)));
    bulkhead.hold("a").take(1, Bulkhead.Caller.STAYS);
    ConcurrentLinkedQueue<String> served = new ConcurrentLinkedQueue<>();
    Future<?> late = later(bulkhead, "a", 1, served);
    assertEquals(503, refused(assertThrows(ExecutionException.class, late::get)));
    assertEquals(1, bulkhead.level().refused().get(Refusal.LATE));

    Bulkhead narrow = bulkhead(Limits.undivided(1, 1, LONG));
    narrow.hold("a").take(1, Bulkhead.Caller.STAYS);
    var _ = later(narrow, "a", 1, served);
    assertEquals(
        503,
        refused(
            assertThrows(
                DaytonaException.class, () -> narrow.hold("b").take(1, Bulkhead.Caller.STAYS))));
    assertEquals(1, narrow.level().refused().get(Refusal.QUEUE_FULL));
  }

  @Test
  void whoLeavesDoesNotWaitAnyMore() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.undivided(1, 5, LONG));
    Bulkhead.Hold all = bulkhead.hold("a");
    all.take(1, Bulkhead.Caller.STAYS);
    CompletableFuture<Runnable> leave = new CompletableFuture<>();
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(
            () -> {
              try {
                bulkhead
                    .hold("b")
                    .take(
                        1,
                        action -> {
                          leave.complete(action);
                          return () -> {};
                        });
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            threads);
    leave.join().run();
    Throwable failure = assertThrows(CompletionException.class, waiting::join).getCause();
    assertEquals(Bulkhead.LEFT, assertInstanceOf(DaytonaException.class, failure).code());
    assertEquals(0, bulkhead.level().waiting());
    leave.join().run();
    all.close();
    bulkhead.hold("c").take(1, Bulkhead.Caller.STAYS);
  }

  @Test
  void anInterruptLeavesNothingBehind() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.undivided(1, 5, LONG));
    Bulkhead.Hold all = bulkhead.hold("a");
    all.take(1, Bulkhead.Caller.STAYS);
    CountDownLatch over = new CountDownLatch(1);
    Thread waiting =
        Thread.ofVirtual()
            .start(() -> {
              try {
                bulkhead.hold("b").take(1, Bulkhead.Caller.STAYS);
              } catch (InterruptedException e) {
                over.countDown();
              }
            });
    until(() -> bulkhead.level().waiting() == 1);
    waiting.interrupt();
    over.await();
    assertEquals(0, bulkhead.level().waiting());
    all.close();
    assertEquals(0, bulkhead.level().used());
  }

  @Test
  void aDrainRefusesThoseWhoWaitAndKeepsWhatIsHeld() throws Exception {
    Bulkhead bulkhead = bulkhead(Limits.undivided(2, 5, LONG));
    Bulkhead.Hold running = bulkhead.hold("a");
    running.take(2, Bulkhead.Caller.STAYS);
    Future<?> waiting = later(bulkhead, "b", 1, new ConcurrentLinkedQueue<>());
    bulkhead.drain();
    assertEquals(503, refused(assertThrows(ExecutionException.class, waiting::get)));
    assertEquals(
        503,
        refused(
            assertThrows(
                DaytonaException.class, () -> bulkhead.hold("b").take(1, Bulkhead.Caller.STAYS))));
    running.give(1);
    bulkhead.hold("b").take(1, Bulkhead.Caller.STAYS);
    assertEquals(2, bulkhead.level().used());
    assertEquals(2, bulkhead.level().refused().get(Refusal.STOPPING));
  }
}
