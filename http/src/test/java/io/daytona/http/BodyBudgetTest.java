package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import org.junit.jupiter.api.Test;

class BodyBudgetTest {
  @Test
  void whatIsTakenIsGivenBack() {
    BodyBudget budget = new BodyBudget(100);
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
}
