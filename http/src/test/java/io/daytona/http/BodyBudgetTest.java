package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import org.junit.jupiter.api.Test;

class BodyBudgetTest {
  @Test
  void whatIsTakenIsGivenBack() {
    BodyBudget budget = new BodyBudget(100, 0);
    BodyBudget.Share large = budget.share();
    large.take(60);
    try (BodyBudget.Share other = budget.share()) {
      other.take(40);
      DaytonaException refused = assertThrows(DaytonaException.class, () -> other.take(1));
      assertEquals(503, refused.kind().status());
      assertTrue(refused.retryAfter().isPresent());
    }
    large.take(40);
    large.close();
    budget.share().take(100);
  }

  @Test
  void smallBodiesAreTakenHoweverFullItIs() {
    BodyBudget budget = new BodyBudget(100, 10);
    BodyBudget.Share hog = budget.share();
    hog.take(110);
    BodyBudget.Share small = budget.share();
    small.take(4);
    small.take(6);
    assertThrows(DaytonaException.class, () -> small.take(1));
    assertThrows(DaytonaException.class, () -> budget.furtherShare().take(1));
    hog.close();
    small.take(100);
  }
}
