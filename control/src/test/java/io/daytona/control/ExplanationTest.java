package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.wire.runner.ExitCause;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the operator is told of a sandbox, whatever became of it. */
@Tag("slow")
class ExplanationTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private TestPlatform platform;
  private HttpServer server;

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
    serve();
  }

  @AfterEach
  void stop() {
    server.close();
    platform.close();
    client.close();
  }

  private HttpResponse<String> ask(String sandbox, String key)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/explain/" + sandbox);
    return client.send(
        HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + key).build(),
        BodyHandlers.ofString());
  }

  private String explained(String sandbox) throws IOException, InterruptedException {
    HttpResponse<String> reply = ask(sandbox, TestPlatform.KEY);
    assertEquals(200, reply.statusCode(), reply.body());
    assertTrue(reply.body().lines().count() < 50, "more than a screen: " + reply.body());
    return reply.body();
  }

  /** What stands behind a word. */
  private static String told(String text, String word) {
    return text.lines()
        .filter(line -> line.startsWith(word + " "))
        .map(line -> line.substring(word.length()).strip())
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + word + " in\n" + text));
  }

  @Test
  void aRunningOne() throws Exception {
    String id =
        platform.create("{\"name\":\"box\",\"env\":{\"SECRET\":\"hidden-value\"},\"public\":true}");
    String text = explained(id);
    assertEquals(text, explained("box"));
    assertEquals(id + ", named box", told(text, "sandbox"));
    assertEquals("started, wanted started", told(text, "state"));
    assertEquals("1 CPU, 1 GiB memory, 3 GiB disk, 0 GPU", told(text, "limits"));
    assertEquals(
        "slot 7, address 10.213.0.7, first process 4711 of the host, agent 1.2.3",
        told(text, "placement"));
    assertTrue(told(text, "usage").startsWith("memory 100 of 1024 MiB, CPU 2.5 s"), text);
    assertTrue(told(text, "out of memory").endsWith("in this run: 3"), text);
    assertTrue(told(text, "network").contains("only from 10.213.0.7;"), text);
    assertTrue(text.contains("previews need no credentials"), text);
    assertTrue(text.contains(" new → creating (create)\n"), text);
    assertTrue(text.contains(" creating → started (run)\n"), text);
    String token = platform.one("SELECT auth_token FROM sandbox WHERE id = ?::uuid", id);
    assertFalse(text.contains("hidden-value") || text.contains(token), text);
  }

  @Test
  void oneThatEndedByItsMemoryLimit() throws Exception {
    String id = platform.create("{}");
    platform.runner.end(id, ExitCause.OUT_OF_MEMORY);
    platform.awaitState(id, "stopped");
    String text = explained(id);
    assertEquals("stopped, wanted stopped", told(text, "state"));
    assertTrue(told(text, "error").startsWith("out of memory"), text);
    assertTrue(told(text, "out of memory").startsWith("ended the sandbox at 2"), text);
    assertEquals("nothing of it runs", told(text, "placement"));
    assertEquals("3 GiB, takes 2 MiB of the pool", told(text, "disk"));
    assertTrue(text.contains("started → stopped (exit): out of memory: its first"), text);
  }

  @Test
  void oneThatCannotStart() throws Exception {
    platform.runner.beforeStart =
        spec -> {
          throw new IllegalStateException("broken");
        };
    platform.post("/sandbox", "{\"name\":\"broken\"}");
    String text = explained("broken");
    assertEquals("error, wanted started", told(text, "state"));
    assertEquals("the host failed unexpectedly", told(text, "error"));
    assertEquals(
        "never ended the sandbox; processes it ended in this run: 0", told(text, "out of memory"));
  }

  @Test
  void oneThatIsDeletedAndOneWhoseRowIsGone() throws Exception {
    String id = platform.create("{\"name\":\"old\"}");
    platform.delete("/sandbox/" + id);
    platform.awaitState(id, "destroyed");
    String text = explained("old");
    assertEquals("destroyed, wanted destroyed", told(text, "state"));
    assertTrue(text.contains("started → destroying (delete): asked by a client"), text);
    platform.clock.advance(Duration.ofHours(25));
    platform.control().housekeeping();
    String rest = explained(id);
    assertTrue(told(rest, "state").startsWith("destroyed; its row was removed"), rest);
    assertTrue(rest.contains("destroying → destroyed (gone)"), rest);
    assertEquals(404, ask("old", TestPlatform.KEY).statusCode());
  }

  @Test
  void onlyTheAdministratorIsTold() throws Exception {
    String id = platform.create("{}");
    assertEquals(401, ask(id, "dtn_" + "9".repeat(64)).statusCode());
    platform.execute(
        "INSERT INTO account (id, name, system_role, created_at) VALUES ('m', 'M', 'user', now())");
    platform.execute("UPDATE api_key SET account_id = 'm'");
    platform.restart(ControlConfig.defaults());
    server.close();
    serve();
    assertEquals(403, ask(id, TestPlatform.KEY).statusCode());
    assertEquals(200, platform.get("/sandbox/" + id).status());
  }

  private void serve() {
    ControlPlane control = platform.control();
    server =
        HttpServer.builder(HttpConfig.defaults())
            .mount(
                "", control.operatorEndpoints(), control.administrators(), control.errorRenderer())
            .start();
  }

  @Test
  void unknownOnes() throws Exception {
    assertEquals(404, ask("nobody", TestPlatform.KEY).statusCode());
    assertEquals(404, ask("00000000-0000-4000-8000-000000000001", TestPlatform.KEY).statusCode());
  }
}
