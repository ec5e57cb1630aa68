package io.daytona.toolbox.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ports, environment and the rest of §9; what a sandbox uses is measured in {@code runner}. */
class SystemTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start(RealAgent.startWithTools());
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @Test
  void listsPortsThatAreListenedOn() throws Exception {
    int port;
    try (ServerSocket socket = listen(0)) {
      port = socket.getLocalPort();
      assertTrue(listed(port));
    }
    assertFalse(listed(port));
  }

  @Test
  void tellsWhetherAPortIsInUse() throws Exception {
    String path;
    try (ServerSocket socket = listenInRange()) {
      path = "/port/" + socket.getLocalPort() + "/in-use";
      assertTrue(json(server.get(path)).path("isInUse").booleanValue());
    }
    JsonNode after = json(server.get(path)).path("isInUse");
    assertTrue(after.isBoolean());
    assertFalse(after.booleanValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"2999", "10000", "0", "-1", "x", "3000.5", "99999999999", "%20"})
  void refusesOtherPorts(String port) throws Exception {
    HttpResponse<byte[]> reply = server.get("/port/" + port + "/in-use");
    assertEquals(400, reply.statusCode());
    assertTrue(Json.mapper().readTree(reply.body()).path("message").textValue().contains("3000"));
  }

  @Test
  void changesTheEnvironmentOfWhatIsStartedLater() throws Exception {
    json(server.post("/env", "{\"set\":{\"A\":\"1\",\"B\":\"secret-1\",\"C\":\"secret-2\"}}"));
    assertEquals("1 secret-1 secret-2", shell("echo $A $B $C"));
    JsonNode all =
        json(
            server.post(
                "/env",
                "{\"set\":{\"C\":\"secret-2\"},\"unset\":[\"A\"],\"unsetValuePrefix\":\"secret-\"}"));
    assertEquals("secret-2", all.path("C").textValue());
    assertFalse(all.has("A") || all.has("B"), all::toString);
    assertEquals("- - secret-2", shell("echo ${A:--} ${B:--} $C"));
    json(server.post("/env", "{\"unset\":[\"C\"]}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"set\":{\"1A\":\"x\"}}",
        "{\"set\":{\"A=B\":\"x\"}}",
        "{\"set\":[]}",
        "{\"unset\":\"A\"}",
        "[]",
        "{"
      })
  void refusesWhatCannotBeAVariable(String body) throws Exception {
    assertEquals(400, server.post("/env", body).statusCode());
  }

  @Test
  void takesATokenAsOftenAsItIsSent() throws Exception {
    for (int i = 0; i < 2; i++) {
      assertEquals(
          "Auth token set and telemetry initialized successfully",
          json(server.post("/init", "{\"token\":\"t\"}")).path("message").textValue());
    }
    assertEquals(400, server.post("/init", "{}").statusCode());
  }

  @Test
  void saysThatNobodyMeasuresIt() throws Exception {
    HttpResponse<byte[]> reply = server.get("/system/metrics");
    assertEquals(503, reply.statusCode());
    assertTrue(reply.headers().firstValue("Retry-After").isPresent());
  }

  private static boolean listed(int port) throws Exception {
    for (JsonNode listed : json(server.get("/port")).path("ports")) {
      if (listed.intValue() == port) {
        return true;
      }
    }
    return false;
  }

  private static ServerSocket listen(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return socket;
  }

  private static ServerSocket listenInRange() throws IOException {
    for (int port = 9999; ; port--) {
      try {
        return listen(port);
      } catch (IOException e) {
        if (port == 3000) {
          throw e;
        }
      }
    }
  }

  private static String shell(String command) throws Exception {
    return json(server.post("/process/execute", "{\"command\":\"" + command + "\"}"))
        .path("result")
        .textValue()
        .strip();
  }

  private static JsonNode json(HttpResponse<byte[]> reply) throws IOException {
    assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
    return Json.mapper().readTree(reply.body());
  }
}
