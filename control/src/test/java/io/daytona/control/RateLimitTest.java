package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.Endpoint;
import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A window of a day: none of them ends while a test runs. */
@Tag("slow")
class RateLimitTest {
  private static final int DAY = RateLimit.LONGEST_SECONDS;

  private static Set<String> operations(TestPlatform platform, Limiter limiter) {
    return platform.control().endpoints().stream()
        .filter(row -> row.limiter().filter(limiter::equals).isPresent())
        .map(Endpoint::operation)
        .collect(Collectors.toSet());
  }

  @Test
  void theTableSaysWhatCountsForWhich() {
    try (TestPlatform platform = TestPlatform.start()) {
      assertEquals(Set.of("createSandbox"), operations(platform, Limiter.SANDBOX_CREATE));
      assertEquals(
          Set.of("startSandbox", "stopSandbox", "deleteSandbox"),
          operations(platform, Limiter.SANDBOX_LIFECYCLE));
      assertEquals(Set.of("ConfigController_getConfig"), operations(platform, Limiter.ANONYMOUS));
      assertTrue(operations(platform, Limiter.AUTHENTICATED).contains("listSandboxes"));
      assertFalse(platform.get("/config").body().has("rateLimit"));
    }
  }

  @Test
  void clientsAreToldTheLimits() {
    try (TestPlatform platform =
        TestPlatform.start(
            Map.of(
                Limiter.AUTHENTICATED, new RateLimit(100, 60),
                Limiter.SANDBOX_CREATE, new RateLimit(10, 30)))) {
      assertEquals(
          "{\"authenticated\":{\"ttl\":60,\"limit\":100},\"sandboxCreate\":{\"ttl\":30,\"limit\":10}}",
          platform.get("/config").body().get("rateLimit").toString());
    }
  }

  @Test
  void creationsAndChangesCountApart() {
    try (TestPlatform platform =
        TestPlatform.start(
            Map.of(
                Limiter.AUTHENTICATED, new RateLimit(2, DAY),
                Limiter.SANDBOX_CREATE, new RateLimit(1, DAY),
                Limiter.SANDBOX_LIFECYCLE, new RateLimit(3, DAY)))) {
      String id = platform.create("{}");
      TestPlatform.Reply refused = platform.post("/sandbox", "{}");
      assertEquals(429, refused.status());
      assertEquals("Too Many Requests", refused.text("error"));
      assertEquals("/api/sandbox", refused.text("path"));
      assertEquals(Integer.toString(DAY), refused.header("retry-after-sandbox-create"));
      assertEquals(1, platform.count("SELECT count(*) FROM sandbox"));

      TestPlatform.Reply stopped = platform.post("/sandbox/" + id + "/stop");
      assertEquals("2", stopped.header("x-ratelimit-remaining-sandbox-lifecycle"));
      platform.awaitState(id, "stopped");
      assertEquals(200, platform.post("/sandbox/" + id + "/start").status());
      assertEquals(200, platform.delete("/sandbox/" + id).status());
      assertEquals(429, platform.delete("/sandbox/" + id).status());

      assertEquals("1", platform.get("/sandbox").header("x-ratelimit-remaining-authenticated"));
      assertEquals(200, platform.get("/snapshots").status());
      assertEquals(429, platform.get("/api-keys/current").status());
    }
  }

  @Test
  void anOrganizationsOwnLimitsCountInsteadAfterTenSeconds() {
    try (TestPlatform platform =
        TestPlatform.start(Map.of(Limiter.AUTHENTICATED, new RateLimit(2, DAY)))) {
      assertEquals("2", platform.get("/sandbox").header("x-ratelimit-limit-authenticated"));
      platform.execute("UPDATE organization SET authenticated_rate_limit = 7");
      assertEquals("2", platform.get("/sandbox").header("x-ratelimit-limit-authenticated"));
      platform.clock.advance(Duration.ofSeconds(11));
      TestPlatform.Reply more = platform.get("/sandbox");
      assertEquals("7", more.header("x-ratelimit-limit-authenticated"));
      assertEquals("6", more.header("x-ratelimit-remaining-authenticated"));
      assertEquals(Integer.toString(DAY), more.header("x-ratelimit-reset-authenticated"));

      platform.execute("UPDATE organization SET authenticated_rate_limit_ttl_seconds = 3600");
      platform.clock.advance(Duration.ofSeconds(11));
      assertEquals("3600", platform.get("/sandbox").header("x-ratelimit-reset-authenticated"));
      platform.execute(
          "UPDATE organization SET sandbox_create_rate_limit = 1,"
              + " sandbox_create_rate_limit_ttl_seconds = 60");
      platform.clock.advance(Duration.ofSeconds(11));
      for (int i = 0; i < 2; i++) {
        assertEquals(200, platform.post("/sandbox", "{}").status(), "a limiter that is off stays");
      }
      for (String wrong : new String[] {"0", "-1"}) {
        assertThrows(
            IllegalStateException.class,
            () ->
                platform.execute(
                    "UPDATE organization SET sandbox_lifecycle_rate_limit = " + wrong));
      }
    }
  }
}
