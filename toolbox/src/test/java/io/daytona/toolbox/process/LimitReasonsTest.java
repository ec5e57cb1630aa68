package io.daytona.toolbox.process;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.error.ToolboxErrors;
import io.daytona.toolbox.file.FileEndpoints;
import io.daytona.toolbox.table.ToolboxEndpoints;
import io.daytona.toolbox.telemetry.Telemetry;
import io.daytona.toolbox.telemetry.TelemetryConfig;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The limit that a failed program ran into. */
@Timeout(60)
class LimitReasonsTest {
  private final AtomicLong kills = new AtomicLong();
  private final AtomicLong asked = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong diskFree = new AtomicLong();
  private final AtomicLong inodesFree = new AtomicLong();

  @Test
  void aKillIsExplainedWhenTheCountRose() throws Exception {
    try (RealAgent agent = RealAgent.start();
        AgentClient client = agent.connect();
        HttpClient http = HttpClient.newHttpClient();
        HttpServer server = serve(agent, client)) {
      assertReason("", http, server, "true");
      assertReason("", http, server, "exit 1");
      assertEquals(0, asked.get(), "only a kill is worth the question");
      assertReason("", http, server, "kill -9 $$");
      kills.set(1);
      assertReason("out of memory", http, server, "kill -9 $$");
      assertReason("", http, server, "kill -9 $$");
      kills.set(3);
      assertReason("out of memory", http, server, "sh -c 'kill -9 $$'; exit $?");
      assertReason("", http, server, "kill -15 $$");
    }
  }

  @Test
  void refusalsAreExplainedByTheLimitBehindThem() throws Exception {
    try (RealAgent agent = RealAgent.start();
        AgentClient client = agent.connect();
        HttpClient http = HttpClient.newHttpClient();
        HttpServer server = serve(agent, client)) {
      String space = "echo 'cp: write: No space left on device' >&2; ";
      assertReason("", http, server, space);
      assertReason("", http, server, "echo No room >&2; exit 1");
      assertEquals(0, asked.get(), "only what a limit may explain is worth the question");
      assertReason("out of inodes", http, server, space + "exit 1");
      inodesFree.set(1);
      assertReason("disk full", http, server, space + "exit 1");
      assertReason("disk full", http, server, space + "seq 500; exit 1");
      diskFree.set(1 << 30);
      assertReason("no space left on device", http, server, space + "exit 1");
      assertReason("", http, server, space + "seq 100000; exit 1");
      String fork = "echo 'sh: 0: Cannot fork' >&2; exit 2";
      assertReason("", http, server, fork);
      refused.set(1);
      assertReason("too many processes", http, server, fork);
      assertReason("too many open files", http, server, "echo Too many open files; exit 1");
    }
  }

  private HttpServer serve(RealAgent agent, AgentClient client) {
    client.identity("", Map.of(), "root", agent.work().toString());
    SandboxDirectory directory =
        new SandboxDirectory() {
          @Override
          public Running find(String id) {
            return new Running(id, client, "/root", agent.work().toString(), "root");
          }

          @Override
          public Optional<Usage> usage(String id) {
            asked.incrementAndGet();
            return Optional.of(
                new Usage(
                    0, 0, 0, 0, 0, kills.get(), refused.get(), diskFree.get(), inodesFree.get()));
          }
        };
    return HttpServer.builder(HttpConfig.defaults())
        .mount(
            "/toolbox/{sandbox}",
            ToolboxEndpoints.all(
                directory,
                "1.2.3",
                OutputLimits.defaults(),
                new Telemetry(TelemetryConfig.defaults(), directory),
                FileEndpoints.listings(75)),
            (call, endpoint) -> new ToolboxTarget(call.path("sandbox"), "org"),
            new ToolboxErrors())
        .start();
  }

  private static void assertReason(
      String reason, HttpClient http, HttpServer server, String command) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/toolbox/box/process/execute");
    JsonNode reply =
        ok(
            http.send(
                HttpRequest.newBuilder(uri)
                    .POST(BodyPublishers.ofString("{\"command\":\"" + command + "\"}"))
                    .build(),
                BodyHandlers.ofByteArray()));
    assertEquals(reason, reply.path("reason").asText(), reply::toString);
  }
}
