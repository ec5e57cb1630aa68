package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.access.Subject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What organizations leave to each other, and how a listener comes to its end. */
@Timeout(60)
class SharesOfTenantsTest {
  private static final int REQUESTS = 4;
  private static final HttpConfig CONFIG =
      new HttpConfig(REQUESTS, 8, 4, 1 << 20, 64 << 10, 9000, 300, 30);
  private final HttpClient client = HttpClient.newHttpClient();
  private final CountDownLatch release = new CountDownLatch(1);
  private final HttpServer server =
      HttpServer.builder(CONFIG)
          .limits(new ClientLimits(75, 16, 10, 30, 256, Optional.of("127.0.0.0/8")))
          .mount(
              "",
              List.of(row("/held", "held"), row("/quick", "quick")),
              this::tenant,
              TestTable.ERRORS)
          .start();

  /** A key that is the organization's name. */
  private record Tenant(String organizationId, String client) implements Subject {}

  private Object tenant(Call<?> call, Route route) {
    return new Tenant(
        call.header("Authorization").orElse(""), call.clientAddress().getHostAddress());
  }

  private Endpoint<Void, String> row(String path, String operation) {
    return Endpoint.get(
        path,
        operation,
        "A test's.",
        Access.MEMBER,
        String.class,
        call -> {
          if (operation.equals("held")) {
            release.await();
          }
          return call.principal(Tenant.class).client();
        });
  }

  @AfterEach
  void end() {
    release.countDown();
    server.close();
    client.close();
  }

  private HttpRequest.Builder request(String tenant, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .timeout(Duration.ofSeconds(30))
        .header("Authorization", tenant);
  }

  private HttpResponse<String> get(String tenant, String path) throws Exception {
    return client.send(request(tenant, path).build(), BodyHandlers.ofString());
  }

  private List<CompletableFuture<HttpResponse<String>>> held(String tenant, int count) {
    List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(client.sendAsync(request(tenant, "/held").build(), BodyHandlers.ofString()));
    }
    while (used("requests") < count) {
      Thread.onSpinWait();
    }
    return all;
  }

  private long used(String resource) {
    return server.levels().stream()
        .filter(level -> level.name().equals(resource))
        .findFirst()
        .orElseThrow()
        .used();
  }

  @Test
  void oneTenantsRequestsLeaveRoomForAnother() throws Exception {
    var all = held("a", 3);
    HttpResponse<String> refused = get("a", "/quick");
    assertEquals(429, refused.statusCode());
    assertTrue(refused.body().contains("Your organization"), refused.body());
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    assertEquals(200, get("b", "/quick").statusCode());
    release.countDown();
    for (var one : all) {
      assertEquals(200, one.join().statusCode());
    }
  }

  @Test
  void oneTenantsConnectionsDoNotStayOpen() throws Exception {
    var all = held("a", 3);
    while (used("connections") < 3) { // a request counts first, then its connection
      Thread.onSpinWait();
    }
    release.countDown();
    for (var one : all) {
      one.join();
    }
    try (HttpClient other = HttpClient.newHttpClient()) {
      HttpResponse<String> fourth =
          other.send(request("a", "/quick").build(), BodyHandlers.ofString());
      assertEquals(200, fourth.statusCode());
      assertEquals("close", fourth.headers().firstValue("Connection").orElse(""));
    }
    try (HttpClient other = HttpClient.newHttpClient()) {
      HttpResponse<String> reply = null;
      while (reply == null || reply.statusCode() == 503) { // until the fourth has left
        reply = other.send(request("b", "/quick").build(), BodyHandlers.ofString());
      }
      assertEquals(200, reply.statusCode());
      assertFalse(reply.headers().firstValue("Connection").isPresent());
    }
  }

  @Test
  void aDrainLetsRequestsEndAndRefusesOthers() throws Exception {
    var all = held("a", 1);
    server.drain("let-me-in");
    HttpResponse<String> refused = get("b", "/quick");
    assertEquals(503, refused.statusCode());
    assertEquals("close", refused.headers().firstValue("Connection").orElse(""));
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    assertEquals(503, passing("something-else").statusCode());
    assertEquals(200, passing("let-me-in").statusCode());
    server.resume();
    assertEquals(200, get("b", "/quick").statusCode());
    server.drain(null);
    assertEquals(503, passing("let-me-in").statusCode());
    release.countDown();
    assertEquals(200, all.getFirst().join().statusCode());
  }

  private HttpResponse<String> passing(String pass) throws Exception {
    return client.send(
        request("b", "/quick").header(HttpServer.DRAIN_PASS, pass).build(),
        BodyHandlers.ofString());
  }

  @Test
  void whoIsInAHurryDoesNotWait() throws Exception {
    var all = held("a", 1);
    Thread closing = Thread.ofVirtual().start(server::close);
    while (get("b", "/quick").statusCode() != 503) {
      Thread.onSpinWait();
    }
    assertTrue(closing.isAlive());
    server.hurry();
    assertTrue(closing.join(Duration.ofSeconds(20)), "the configured 30 s were waited for");
    assertEquals(1, all.size());
  }

  @Test
  void aTrustedProxySpeaksForItsClients() throws Exception {
    HttpResponse<String> reply =
        client.send(
            request("a", "/quick").header("X-Forwarded-For", "6.6.6.6, 203.0.113.9").build(),
            BodyHandlers.ofString());
    assertEquals("\"203.0.113.9\"", reply.body());
  }
}
