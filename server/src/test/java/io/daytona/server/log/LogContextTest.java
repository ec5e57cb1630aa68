package io.daytona.server.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.daytona.http.LogContext;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class LogContextTest {
  @AfterEach
  void clear() {
    MDC.clear();
  }

  @Test
  void workOnAnotherThreadCarriesTheIdsAndLeavesNoneThere() throws InterruptedException {
    MDC.put(LogContext.REQUEST, "r-1");
    LogContext.sandbox("s-1", "o-1");
    Map<?, ?>[] seen = new Map<?, ?>[2];
    Runnable carried = LogContext.carried(() -> seen[0] = MDC.getCopyOfContextMap());
    LogContext.sandbox("s-2");
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              MDC.put("other", "x");
              carried.run();
              seen[1] = MDC.getCopyOfContextMap();
            });
    thread.join();
    assertEquals(Map.of("request", "r-1", "sandbox", "s-1", "organization", "o-1"), seen[0]);
    assertNull(seen[1] == null || seen[1].isEmpty() ? null : seen[1]);
  }
}
