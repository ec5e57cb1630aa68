package io.daytona.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.server.config.Settings;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The whole process but for the host, over a real PostgreSQL. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class PlatformTest {
  private static final String KEY = "dtn_" + "5".repeat(64);

  private final Path data;
  private HostlessPlatform platform;

  PlatformTest(@TempDir Path directory) {
    data = directory;
  }

  @BeforeAll
  void start() throws IOException {
    platform = new HostlessPlatform(data, KEY, Map.of("DAYTONA_SERVER_VERSION", "7.8.9"));
  }

  @AfterAll
  void stop() {
    platform.close();
  }

  private HttpRequest.Builder api(String path) {
    return platform.api(path);
  }

  private HttpRequest.Builder proxy(String path) {
    return platform.proxy(path);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return platform.send(request);
  }

  private static JsonNode json(HttpResponse<String> reply) throws IOException {
    return Json.mapper().readTree(reply.body());
  }

  @Test
  void isHealthyOnBothPorts() throws Exception {
    HttpResponse<String> health = send(api("/api/health"));
    assertEquals("{\"status\":\"ok\"}", health.body());
    assertEquals("7.8.9", health.headers().firstValue("X-Daytona-Api-Version").orElse(""));
    assertEquals("{\"status\":\"ok\",\"version\":\"7.8.9\"}", send(proxy("/health")).body());
  }

  @Test
  void tellsTheRealPorts() throws Exception {
    Path run = data.resolve("run");
    assertEquals(platform.apiPort() + "\n", Files.readString(run.resolve("api.port")));
    assertEquals(platform.proxyPort() + "\n", Files.readString(run.resolve("proxy.port")));
    String toolbox = json(send(api("/api/config"))).path("proxyToolboxUrl").asText();
    assertEquals("http://127.0.0.1:" + platform.proxyPort() + "/toolbox", toolbox);
  }

  @Test
  void describesItself() throws Exception {
    assertEquals("/api", json(send(api("/"))).path("api").asText());
    JsonNode document = json(send(api("/api-json")));
    assertEquals(document, json(send(api("/api/openapi.json"))));
    assertEquals("3.1.0", document.path("openapi").asText());
    JsonNode create = document.path("paths").path("/api/sandbox").path("post");
    assertTrue(create.path("requestBody").isObject(), document.toString());
    Set<String> operations = new HashSet<>();
    document
        .path("paths")
        .forEach(path ->
            path.forEach(operation -> {
              String id = operation.path("operationId").asText();
              assertTrue(operations.add(id), "two operations are called " + id);
            }));
    assertTrue(operations.size() > 10, operations.toString());
  }

  @Test
  void letsInWithTheAdministratorsKeyOnly() throws Exception {
    assertEquals(401, send(api("/api/sandbox")).statusCode());
    assertEquals(401, send(api("/api/sandbox").header("Authorization", "Bearer x")).statusCode());
    HttpResponse<String> list = send(api("/api/sandbox").header("Authorization", "Bearer " + KEY));
    assertEquals(200, list.statusCode(), list.body());
  }

  @Test
  void errorsHaveTheShapeOfTheirApi() throws Exception {
    JsonNode api = json(send(api("/api/nowhere?a=b")));
    assertEquals("/api/nowhere?a=b", api.path("path").asText());
    assertEquals("Cannot GET /api/nowhere", api.path("message").asText());
    JsonNode proxy = json(send(proxy("/toolbox/x/version")));
    assertEquals(401, proxy.path("statusCode").asInt());
    assertEquals("DAYTONA_PROXY", proxy.path("source").asText());
    assertTrue(proxy.path("message").asText().startsWith("missing authentication: "));
  }

  @Test
  void malformedBodiesHaveTheirOwnShape() throws Exception {
    HttpResponse<String> reply =
        send(
            api("/api/sandbox")
                .header("Authorization", "Bearer " + KEY)
                .POST(BodyPublishers.ofString("{")));
    assertEquals(400, reply.statusCode());
    assertEquals(
        "{\"message\":\"Invalid JSON in request body\",\"error\":\"Bad Request\",\"statusCode\":400}",
        reply.body());
  }

  @Test
  void aFailedStartLeavesNothingListening(@TempDir Path other) throws IOException {
    Files.createDirectory(other.resolve("run"));
    Settings settings =
        platform
            .settings()
            .with("DAYTONA_SERVER_DATA_DIR", other.toString())
            .with("DAYTONA_SERVER_API_PORT", Integer.toString(freePort()));
    int port = Configuration.server(settings).apiPort();
    DaytonaException failure =
        assertThrows(
            DaytonaException.class,
            () ->
                Platform.start(
                    settings,
                    config -> {
                      throw DaytonaException.of(ErrorKind.UNAVAILABLE, "no jailer");
                    }));
    assertEquals("no jailer", failure.sentence());
    assertThrows(ConnectException.class, () -> send(HostlessPlatform.request(port, "/api/health")));
    assertFalse(port == platform.apiPort());
  }

  private static int freePort() {
    try (var bound = new java.net.ServerSocket(0)) {
      return bound.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
