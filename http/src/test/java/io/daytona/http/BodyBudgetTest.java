package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.admission.Limits;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class BodyBudgetTest {
  private static BodyBudget budget(long freeBytes) {
    Limits limits = Limits.undivided(100, 0, Duration.ZERO);
    return new BodyBudget(new Bulkhead("test", "bodies", limits), freeBytes);
  }

  @Test
  void whatIsTakenIsGivenBack() {
    BodyBudget budget = budget(0);
    BodyBudget.Share large = budget.share("a");
    large.take(60);
    try (BodyBudget.Share other = budget.share("a")) {
      other.take(40);
      DaytonaException refused = assertThrows(DaytonaException.class, () -> other.take(1));
      assertEquals(503, refused.kind().status());
      assertTrue(refused.retryAfter().isPresent());
    }
    large.take(40);
    large.close();
    budget.share("a").take(100);
  }

  @Test
  void smallBodiesAreTakenHoweverFullItIs() {
    BodyBudget budget = budget(10);
    BodyBudget.Share hog = budget.share("a");
    hog.take(110);
    BodyBudget.Share small = budget.share("a");
    small.take(4);
    small.take(6);
    assertThrows(DaytonaException.class, () -> small.take(1));
    assertThrows(DaytonaException.class, () -> budget.furtherShare("a").take(1));
    hog.close();
    small.take(100);
  }

  @Test
  void whoWaitsHoldsNothing() throws Exception {
    BodyBudget waiting =
        new BodyBudget(
            new Bulkhead("test", "bodies", Limits.undivided(100, 5, Duration.ofMinutes(1))), 10);
    BodyBudget.Share hog = waiting.share("a");
    hog.take(40, 90, Bulkhead.Caller.STAYS);
    assertEquals(80, waiting.level().used(), "all that may come, but what is free");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        BodyBudget.Share next = waiting.share("b")) {
      Future<?> taken =
          threads.submit(() -> {
            next.take(50, 50, Bulkhead.Caller.STAYS);
            return null;
          });
      while (waiting.level().waiting() == 0) {
        Thread.onSpinWait();
      }
      assertEquals(80, waiting.level().used());
      hog.complete();
      taken.get();
      assertEquals(70, waiting.level().used());
    }
    hog.close();
    assertEquals(0, waiting.level().used());
  }
}
