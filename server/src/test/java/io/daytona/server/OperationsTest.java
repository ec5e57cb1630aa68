package io.daytona.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.daytona.server.log.LoggedLines;
import io.daytona.server.postgres.Databases;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What only an operator asks of the process, over a real PostgreSQL and without a host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class OperationsTest {
  private static final String KEY = "dtn_" + "6".repeat(64);
  private static final String TOKEN = "scraper-" + "7".repeat(20);

  private final Path data;
  private HostlessPlatform platform;

  OperationsTest(@TempDir Path directory) {
    data = directory;
  }

  @BeforeAll
  void start() throws IOException {
    platform =
        new HostlessPlatform(
            data,
            KEY,
            Map.of("DAYTONA_SERVER_METRICS_TOKEN", TOKEN, "DAYTONA_SERVER_ACCESS_LOG", "true"));
  }

  @AfterAll
  void stop() {
    platform.close();
  }

  private HttpResponse<String> get(int port, String path, String... headers) throws Exception {
    HttpRequest.Builder request = HostlessPlatform.request(port, path);
    return platform.send(headers.length > 0 ? request.headers(headers) : request);
  }

  private String organization() throws SQLException {
    try (HikariDataSource pool = Databases.pool(platform.database.url(), 2);
        Connection connection = pool.getConnection();
        ResultSet row = connection.createStatement().executeQuery("SELECT id FROM organization")) {
      assertTrue(row.next());
      return row.getString(1);
    }
  }

  private HttpResponse<String> metrics(String... headers) throws Exception {
    return get(platform.apiPort(), "/metrics", headers);
  }

  private String scraped() throws Exception {
    HttpResponse<String> reply = metrics("Authorization", "Bearer " + TOKEN);
    assertEquals(200, reply.statusCode(), reply.body());
    return reply.body();
  }

  /** Value of a sample, by its name and labels as they are written. */
  private static double sample(String text, String name) {
    return text.lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " in\n" + text));
  }

  @Test
  void metricsAreForScrapersAndTheAdministratorOnly() throws Exception {
    assertEquals(401, metrics().statusCode());
    assertEquals(401, metrics("Authorization", "Bearer " + TOKEN + "x").statusCode());
    assertEquals(401, metrics("Authorization", TOKEN).statusCode());
    assertEquals(200, metrics("Authorization", "Bearer " + TOKEN).statusCode());
    assertEquals(200, metrics("Authorization", "Bearer " + KEY).statusCode());
    assertEquals(404, get(platform.proxyPort(), "/metrics").statusCode());
  }

  @Test
  void aScrapersTokenOpensNothingElse() throws Exception {
    HttpResponse<String> list =
        get(platform.apiPort(), "/api/sandbox", "Authorization", "Bearer " + TOKEN);
    assertEquals(401, list.statusCode());
  }

  @Test
  void requestsAreCountedByEndpointNeverByPath() throws Exception {
    String count = "daytona_http_request_duration_seconds_count";
    String routed = count + "{endpoint=\"getSandbox\",listener=\"api\",status=\"4xx\"}";
    String unrouted = count + "{endpoint=\"none\",listener=\"api\",status=\"4xx\"}";
    String[] key = {"Authorization", "Bearer " + KEY};
    for (String path : new String[] {"first", "second", "third"}) {
      assertEquals(404, get(platform.apiPort(), "/api/sandbox/" + path, key).statusCode());
      assertEquals(404, get(platform.apiPort(), "/api/odd/" + path, key).statusCode());
    }
    String text = scraped();
    assertEquals(3, sample(text, routed));
    assertEquals(3, sample(text, unrouted));
    assertFalse(text.contains("first"), "a path is a label");
    assertTrue(sample(text, "daytona_refusals_total{code=\"NOT_FOUND\",listener=\"api\"}") >= 6);
    String sum = routed.replace("_count", "_sum");
    assertTrue(sample(text, sum) > 0 && sample(text, sum) < 60, "seconds");
    String last =
        "daytona_http_request_duration_seconds_bucket{endpoint=\"getSandbox\",listener=\"api\","
            + "status=\"4xx\",le=\"30.0\"}";
    assertEquals(3, sample(text, last));
  }

  @Test
  void levelsAreTold() throws Exception {
    String text = scraped();
    assertEquals(0, sample(text, "daytona_sandboxes{state=\"started\"}"));
    assertEquals(
        16, sample(text, "daytona_admission_limit{listener=\"none\",resource=\"creates\"}"));
    assertEquals(
        0, sample(text, "daytona_admission_waiting{listener=\"none\",resource=\"creates\"}"));
    assertEquals(1, sample(text, "daytona_host_up"));
    assertEquals(0, sample(text, "daytona_host_pool_size_bytes"));
    assertTrue(sample(text, "daytona_database_connections{state=\"idle\"}") >= 0);
    assertEquals(1, sample(text, "daytona_http_requests_running{listener=\"api\"}"), "itself");
    assertTrue(sample(text, "jvm_threads_live_threads") > 1);
    assertTrue(text.contains("jvm_memory_used_bytes{area=\"heap\""), text);
    assertTrue(text.contains("# TYPE jvm_gc_pause_seconds") || text.contains("jvm_gc_"), text);
    assertTrue(text.contains("# TYPE daytona_http_request_duration_seconds histogram"), text);
  }

  @Test
  void everyLineOfARequestCarriesItsIdsAndNoSecret() throws Exception {
    String organization = organization();
    try (LoggedLines lines = new LoggedLines("io.daytona")) {
      get(
          platform.apiPort(),
          "/api/sandbox/unknown?token=hidden",
          "Authorization",
          "Bearer " + KEY,
          "X-Request-Id",
          "line-1");
      get(platform.apiPort(), "/api/nowhere", "X-Request-Id", "line-2");
      get(platform.proxyPort(), "/toolbox/x/version", "X-Request-Id", "line-3");
      String first = lines.awaitWith("request=line-1 ");
      assertTrue(first.contains(" request=line-1 organization=" + organization + " "), first);
      assertTrue(first.contains("method=GET path=/api/sandbox/unknown status=404"), first);
      assertTrue(lines.awaitWith("request=line-2 ").contains("status=404"));
      assertTrue(lines.awaitWith("request=line-3 ").contains("status=401"));
      assertFalse(lines.all().contains(KEY) || lines.all().contains("hidden"), lines.all());
    }
  }

  @Test
  void openMetricsAreSentToWhoAsksForThem() throws Exception {
    HttpResponse<String> reply =
        metrics(
            "Authorization",
            "Bearer " + TOKEN,
            "Accept",
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
    String type = reply.headers().firstValue("Content-Type").orElse("");
    assertTrue(type.startsWith("application/openmetrics-text; version=1.0.0"), type);
    assertTrue(reply.body().endsWith("# EOF\n"), reply.body());
    String plain =
        metrics("Authorization", "Bearer " + TOKEN).headers().firstValue("Content-Type").orElse("");
    assertTrue(plain.startsWith("text/plain; version=0.0.4"), plain);
  }
}
