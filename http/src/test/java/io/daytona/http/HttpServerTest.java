package io.daytona.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpServerTest {
  private final TestTable table = new TestTable();
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer server = start(HttpConfig.defaults());

  private HttpServer start(HttpConfig config) {
    return HttpServer.builder(config)
        .version("9.9")
        .mount("/api", table.endpoints(), TestTable.BEARER, TestTable.ERRORS)
        .start();
  }

  @BeforeEach
  void serves() throws Exception {
    assertEquals(200, get("/api/thing/fixed").statusCode());
  }

  @AfterEach
  void stop() {
    table.release.countDown();
    server.close();
    client.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path).header("Authorization", "Bearer k"));
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return send(request(path).POST(BodyPublishers.ofString(body)));
  }

  private static JsonNode json(HttpResponse<String> reply) throws IOException {
    return Json.mapper().readTree(reply.body());
  }

  @Test
  void repliesCarryIdVersionAndTiming() throws Exception {
    for (String path : List.of("/api/thing/fixed", "/api/nothing", "/api/bug", "/elsewhere")) {
      HttpResponse<String> reply = send(request(path).header("X-Request-Id", "mine-1"));
      assertEquals("mine-1", reply.headers().firstValue("X-Request-Id").orElse(""), path);
      assertEquals("9.9", reply.headers().firstValue("X-Daytona-Api-Version").orElse(""), path);
      String timing = reply.headers().firstValue("Server-Timing").orElse("");
      assertTrue(timing.matches("total;dur=\\d+\\.\\d{3}"), timing);
    }
  }

  @Test
  void replacesRequestIdsThatAreNotPlain() throws Exception {
    HttpResponse<String> reply =
        send(request("/api/thing/fixed").header("X-Request-Id", "a b\"<script>"));
    assertTrue(reply.headers().firstValue("X-Request-Id").orElse("").matches("[0-9a-f]{32}"));
  }

  @Test
  void handlersAddTimings() throws Exception {
    HttpResponse<String> reply = post("/api/thing", "{\"name\":\"x\"}");
    assertTrue(reply.headers().firstValue("Server-Timing").orElse("").endsWith(", db;dur=1.500"));
  }

  @Test
  void fixedSegmentsWinOverParameters() throws Exception {
    assertEquals("\"fixed\"", get("/api/thing/fixed").body());
    assertEquals("other", json(get("/api/thing/other")).path("id").asText());
  }

  @Test
  void pathParametersAreDecodedByThemselves() throws Exception {
    assertEquals("a/b c+d:e", json(get("/api/thing/a%2Fb%20c+d:e")).path("id").asText());
    assertEquals("ü", json(get("/api/thing/%C3%BC")).path("id").asText());
    assertEquals(
        "/api/thing/a%2Fb?x=%20", json(get("/api/thing/a%2Fb?x=%20")).path("uri").asText());
  }

  @Test
  void queriesAreReadLikeTheReference() throws Exception {
    JsonNode query =
        json(get("/api/thing/x?a=1&a=2&b%5B%5D=3&b[1]=4&c=%7B%22k%22%3A%22v+w%22%7D&d"))
            .path("query");
    assertEquals("[\"1\",\"2\"]", query.path("a").toString());
    assertEquals("[\"3\",\"4\"]", query.path("b").toString());
    assertEquals("{\"k\":\"v w\"}", query.path("c").get(0).asText());
    assertEquals("", query.path("d").get(0).asText());
  }

  @Test
  void authenticatesBeforeItReadsTheBody() throws Exception {
    HttpResponse<String> reply = send(request("/api/thing/x"));
    assertEquals(401, reply.statusCode());
    assertEquals("Invalid credentials", json(reply).path("message").asText());
    assertEquals("Bearer k", json(get("/api/thing/x")).path("principal").asText());
  }

  @Test
  void bodiesNeedNoContentTypeAndUnknownKeysAreIgnored() throws Exception {
    HttpResponse<String> reply =
        post("/api/thing", "{\"name\":\"n\",\"cpu\":2.0,\"unknown\":{\"deep\":[1]}}");
    assertEquals(201, reply.statusCode());
    assertEquals("{\"name\":\"n\",\"cpu\":2,\"labels\":null,\"parts\":null}", reply.body());
  }

  @Test
  void anEmptyBodyIsAnEmptyObject() throws Exception {
    assertEquals(0, json(post("/api/thing", "")).path("cpu").asInt(-1));
  }

  @Test
  void malformedTextOfAnyEncodingIsNoLostConnection() throws Exception {
    // UTF-32 by its first bytes, and no character by the others.
    HttpResponse<String> reply = post("/api/thing", "\0\0\0{\0\u0011\0\0");
    assertEquals(400, reply.statusCode());
    assertEquals("Invalid JSON in request body", json(reply).path("message").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{", "{\"name\":}", "nope", "{\"name\":\"x\"} }", "{\"name\":\"\u0001\"}"})
  void malformedJsonHasItsOwnShape(String body) throws Exception {
    HttpResponse<String> reply = post("/api/thing", body);
    assertEquals(400, reply.statusCode());
    assertEquals(
        "{\"message\":\"Invalid JSON in request body\",\"error\":\"Bad Request\",\"statusCode\":400}",
        reply.body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"name\":5} | name must be a string",
        "{\"cpu\":\"5\"} | cpu must be an integer number",
        "{\"cpu\":1.5} | cpu must be an integer number",
        "{\"cpu\":1e999999999} | cpu must be an integer number",
        "{\"cpu\":4294967296} | cpu must be an integer number",
        "{\"labels\":[]} | labels must be an object",
        "{\"labels\":{\"a\":{}}} | labels.a must be a string",
        "{\"parts\":{}} | parts must be an array",
        "{\"parts\":[{\"on\":\"yes\"}]} | parts.0.on must be a boolean value",
        "{\"parts\":[{\"kind\":\"HUGE\"}]} | parts.0.kind must be one of the following values: SMALL, LARGE",
        "[] | request body must be an object with the keys name, cpu, labels, parts",
        "null | request body must be an object",
      })
  void wrongTypesAreNamed(String body, String sentence) throws Exception {
    HttpResponse<String> reply = post("/api/thing", body);
    assertEquals(400, reply.statusCode());
    assertEquals(sentence, json(reply).path("message").asText());
    assertEquals("/api/thing", json(reply).path("path").asText());
  }

  @Test
  void jsonBodiesAreLimited() throws Exception {
    String large = "{\"name\":\"" + "x".repeat(1 << 20) + "\"}";
    assertEquals(413, post("/api/thing", large).statusCode());
    HttpResponse<String> chunked =
        send(
            request("/api/thing")
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(large.getBytes(UTF_8)))));
    assertEquals(413, chunked.statusCode());
    assertTrue(json(chunked).path("message").asText().contains("1048576"));
  }

  @Test
  void rawBodiesAreNotLimited() throws Exception {
    long bytes = 40L << 20;
    HttpResponse<String> reply =
        send(request("/api/count").POST(BodyPublishers.ofInputStream(() -> zeros(bytes))));
    assertEquals(Long.toString(bytes), reply.body());
  }

  private static InputStream zeros(long bytes) {
    return new InputStream() {
      private long left = bytes;

      @Override
      public int read() {
        return left-- > 0 ? 0 : -1;
      }

      @Override
      public int read(byte[] into, int at, int length) {
        if (left <= 0) {
          return -1;
        }
        int n = (int) Math.min(left, length);
        left -= n;
        return n;
      }
    };
  }

  @Test
  void streamsReplies() throws Exception {
    HttpResponse<InputStream> reply =
        client.send(request("/api/stream/30000000").build(), BodyHandlers.ofInputStream());
    assertEquals("30000000", reply.headers().firstValue("Content-Length").orElse(""));
    assertEquals("yes", reply.headers().firstValue("X-Extra").orElse(""));
    assertEquals(30_000_000, reply.body().transferTo(OutputStream.nullOutputStream()));
  }

  @Test
  void aBrokenStreamIsSeenAsBroken() throws Exception {
    HttpResponse<InputStream> reply =
        client.send(request("/api/broken").build(), BodyHandlers.ofInputStream());
    assertEquals(200, reply.statusCode());
    assertThrows(IOException.class, () -> reply.body().readAllBytes());
  }

  @Test
  void headAnswersWithoutABody() throws Exception {
    HttpResponse<String> reply = send(request("/api/thing/fixed").HEAD());
    assertEquals(200, reply.statusCode());
    assertEquals("7", reply.headers().firstValue("Content-Length").orElse(""));
    HttpResponse<String> streamed = send(request("/api/stream/12").HEAD());
    assertEquals("12", streamed.headers().firstValue("Content-Length").orElse(""));
    assertTrue(table.discarded.await(5, TimeUnit.SECONDS));
  }

  @Test
  void emptyRepliesHaveNoBody() throws Exception {
    HttpResponse<String> reply = send(request("/api/thing/x").DELETE());
    assertEquals(204, reply.statusCode());
    assertEquals("", reply.body());
  }

  @ParameterizedTest
  @CsvSource({"GET,/api/nothing?q=1", "PUT,/api/thing/x", "GET,/", "PROPFIND,/api/thing/x"})
  void unknownRoutesAndMethodsAreNotFound(String method, String path) throws Exception {
    HttpResponse<String> reply =
        send(request(path).method(method, HttpRequest.BodyPublishers.noBody()));
    assertEquals(404, reply.statusCode());
    assertEquals(
        "Cannot " + method + " " + path.split("\\?", 2)[0], json(reply).path("message").asText());
    assertEquals(path, json(reply).path("path").asText());
  }

  @Test
  void unexpectedFailuresTellNothing() throws Exception {
    HttpResponse<String> reply = get("/api/bug");
    assertEquals(500, reply.statusCode());
    assertEquals("An unexpected error occurred.", json(reply).path("message").asText());
    assertFalse(reply.body().contains("secret"));
  }

  @Test
  void retryAfterIsInWholeSecondsRoundedUp() throws Exception {
    HttpResponse<String> reply = get("/api/busy");
    assertEquals(503, reply.statusCode());
    assertEquals("2", reply.headers().firstValue("Retry-After").orElse(""));
  }

  @Test
  void requestsAboveTheCapAreRefused() throws Exception {
    server.close();
    server = start(new HttpConfig(1, 8, 100, 1 << 20, 64 << 10, 9000, 300, 15));
    var held = client.sendAsync(request("/api/hold").build(), BodyHandlers.ofString());
    assertTrue(table.held.await(5, TimeUnit.SECONDS));
    HttpResponse<String> refused = get("/api/thing/fixed");
    assertEquals(503, refused.statusCode());
    assertEquals("1", refused.headers().firstValue("Retry-After").orElse(""));
    assertEquals(503, json(refused).path("statusCode").asInt());
    table.release.countDown();
    assertEquals("\"done\"", held.get(5, TimeUnit.SECONDS).body());
    // The place is free a moment after the client has its reply.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    int status = get("/api/thing/fixed").statusCode();
    while (status == 503 && System.nanoTime() < deadline) {
      status = get("/api/thing/fixed").statusCode();
    }
    assertEquals(200, status);
  }

  @Test
  void runningRequestsFinishWhenTheServerStops() throws Exception {
    var held = client.sendAsync(request("/api/hold").build(), BodyHandlers.ofString());
    assertTrue(table.held.await(5, TimeUnit.SECONDS));
    Thread stopping = Thread.ofVirtual().start(server::close);
    assertFalse(stopping.join(Duration.ofMillis(1500)), "stopped under a running request");
    table.release.countDown();
    assertEquals("\"done\"", held.get(10, TimeUnit.SECONDS).body());
    stopping.join();
  }

  @Test
  void silentRequestsOutliveTheTimeOfIdleConnections() throws Exception {
    server.close();
    server = start(new HttpConfig(10, 8, 100, 1 << 20, 64 << 10, 9000, 1, 15));
    var held = client.sendAsync(request("/api/hold").build(), BodyHandlers.ofString());
    assertThrows(TimeoutException.class, () -> held.get(2500, TimeUnit.MILLISECONDS));
    table.release.countDown();
    assertEquals("\"done\"", held.get(5, TimeUnit.SECONDS).body());
  }

  @Test
  void idleConnectionsAreClosed() throws Exception {
    server.close();
    server = start(new HttpConfig(10, 8, 100, 1 << 20, 64 << 10, 9000, 1, 15));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET /api/thing/fixed HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(UTF_8));
      String reply = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertTrue(reply.endsWith("\"fixed\""), reply);
    }
  }

  @Test
  void requestsWaitUntilTheServerIsReady() throws Exception {
    server.close();
    CompletableFuture<String> ready = new CompletableFuture<>();
    server =
        HttpServer.builder(HttpConfig.defaults())
            .holdUntil(ready)
            .mount("/api", table.endpoints(), TestTable.BEARER, TestTable.ERRORS)
            .start();
    var early = client.sendAsync(request("/api/thing/fixed").build(), BodyHandlers.ofString());
    assertThrows(TimeoutException.class, () -> early.get(300, TimeUnit.MILLISECONDS));
    ready.complete("");
    assertEquals(200, early.get(5, TimeUnit.SECONDS).statusCode());
  }

  @Test
  void originComesFromForwardedHeaders() throws Exception {
    Map<String, String> expected =
        Map.of(
            "https,http|api.example.org|", "https://api.example.org",
            "https|api.example.org:8443|", "https://api.example.org:8443",
            "http|h|8080", "http://h:8080",
            "https|h|443", "https://h",
            "http|evil\"host|", "http://127.0.0.1:" + server.port());
    for (var row : expected.entrySet()) {
      String[] parts = row.getKey().split("\\|", -1);
      HttpRequest.Builder request =
          request("/api/thing/x")
              .header("Authorization", "k")
              .header("X-Forwarded-Proto", parts[0])
              .header("X-Forwarded-Host", parts[1]);
      if (!parts[2].isEmpty()) {
        request.header("X-Forwarded-Port", parts[2]);
      }
      assertEquals(row.getValue(), json(send(request)).path("origin").asText(), row.getKey());
    }
  }

  @Test
  void bindingATakenPortFails() {
    assertThrows(
        io.javalin.util.JavalinException.class,
        () ->
            HttpServer.builder(HttpConfig.defaults())
                .bind("127.0.0.1", server.port())
                .mount("", table.endpoints(), TestTable.BEARER, TestTable.ERRORS)
                .start());
  }
}
