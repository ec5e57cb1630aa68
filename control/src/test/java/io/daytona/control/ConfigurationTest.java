package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.daytona.control.persistence.TestPostgres;
import io.daytona.wire.failpoint.Failpoints;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigurationTest {
  @Test
  void tellsEveryRequiredKey() {
    try (TestPlatform platform = TestPlatform.start()) {
      JsonNode config = platform.get("/config").body();
      for (String key :
          List.of(
              "version",
              "oidc",
              "linkedAccountsEnabled",
              "announcements",
              "proxyTemplateUrl",
              "proxyToolboxUrl",
              "defaultSnapshot",
              "dashboardUrl",
              "maxAutoArchiveInterval",
              "maintananceMode",
              "environment")) {
        assertTrue(config.has(key), key);
      }
      assertEquals(
          "http://{{PORT}}-{{sandboxId}}.proxy.localhost:4000",
          config.get("proxyTemplateUrl").asText());
    }
  }

  @Test
  void generatesTheAdministratorsKeyOnTheFirstRunOnly() {
    HikariConfig pool = new HikariConfig();
    pool.setJdbcUrl(TestPostgres.shared().freshDatabase());
    try (HikariDataSource dataSource = new HikariDataSource(pool)) {
      try (ControlPlane first = plane(dataSource)) {
        assertTrue(first.generatedAdminApiKey().orElseThrow().matches("dtn_[0-9a-f]{64}"));
      }
      try (ControlPlane second = plane(dataSource)) {
        assertTrue(second.generatedAdminApiKey().isEmpty());
      }
    }
  }

  private static ControlPlane plane(HikariDataSource dataSource) {
    ControlPlane plane =
        new ControlPlane(
            ControlConfig.defaults(),
            dataSource,
            FakeRunner.withImage(),
            Failpoints.NONE,
            new MutableClock(),
            Map.of());
    plane.start();
    return plane;
  }
}
