package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class QuotaTest {
  private static final String NONE =
      "{\"maxCpuPerSandbox\":null,\"authenticatedRateLimit\":null,\"authenticatedRateLimitTtlSeconds\":null}";

  @Test
  void theAdministratorGivesAnOrganizationLimitsOfItsOwn() {
    try (TestPlatform platform =
        TestPlatform.start(Map.of(Limiter.AUTHENTICATED, new RateLimit(1000, 86_400)))) {
      String id = platform.one("SELECT id FROM organization");
      String path = "/organizations/" + id + "/quota";
      assertEquals(
          204,
          platform
              .send("PATCH", path, "{\"authenticatedRateLimit\":50}", TestPlatform.KEY)
              .status());
      assertEquals("50", platform.get("/sandbox").header("x-ratelimit-limit-authenticated"));
      assertEquals(204, platform.send("PATCH", path, NONE, TestPlatform.KEY).status());
      assertEquals("1000", platform.get("/sandbox").header("x-ratelimit-limit-authenticated"));

      TestPlatform.Reply zero =
          platform.send("PATCH", path, "{\"sandboxCreateRateLimit\":0}", TestPlatform.KEY);
      assertEquals(400, zero.status());
      TestPlatform.Reply other =
          platform.send("PATCH", path, "{\"volumeQuota\":5}", TestPlatform.KEY);
      assertEquals(400, other.status());
      assertTrue(other.text("message").startsWith("volumeQuota "), other.toString());
      String nobody = path.replace(id, "00000000-0000-0000-0000-000000000000");
      assertEquals(404, platform.send("PATCH", nobody, NONE, TestPlatform.KEY).status());
      assertEquals(
          404, platform.send("PATCH", path.replace(id, "x"), NONE, TestPlatform.KEY).status());
    }
  }
}
