package io.daytona.toolbox.computeruse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComputerUseTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/status", "/process-status", "/screenshot", "/display/info", "/process/x/logs"})
  void saysThatThereIsNoDesktop(String path) throws Exception {
    HttpResponse<byte[]> reply = server.get("/computeruse" + path);
    JsonNode body = Json.mapper().readTree(reply.body());
    assertEquals(503, reply.statusCode());
    assertEquals("Computer-use functionality is not available", body.path("message").textValue());
    assertEquals("DAYTONA_DAEMON", body.path("source").textValue());
    assertEquals("/computeruse" + path, body.path("path").textValue());
    assertTrue(body.path("details").isTextual() && body.path("solution").isTextual());
  }

  @Test
  void accessibilityHasACodeOfItsOwn() throws Exception {
    HttpResponse<byte[]> reply = server.post("/computeruse/a11y/find", "{}");
    JsonNode body = Json.mapper().readTree(reply.body());
    assertEquals(503, reply.statusCode());
    assertEquals("A11Y_UNAVAILABLE", body.path("code").textValue());
    assertTrue(body.path("message").textValue().startsWith("accessibility bus not reachable"));
  }

  @Test
  void takesBodiesOfAnyShape() throws Exception {
    for (String json : new String[] {"{\"x\":1,\"y\":2}", "[]", "{nope"}) {
      assertEquals(503, server.post("/computeruse/mouse/move", json).statusCode());
    }
  }

  @Test
  void recordingsAreNoneAndCannotBeMade() throws Exception {
    JsonNode list = Json.mapper().readTree(server.get("/computeruse/recordings").body());
    assertEquals(0, list.path("recordings").size());
    assertTrue(list.path("recordings").isArray());
    HttpResponse<byte[]> started = server.post("/computeruse/recordings/start", "{}");
    assertEquals(503, started.statusCode());
    JsonNode body = Json.mapper().readTree(started.body());
    assertEquals("RECORDING_FFMPEG_NOT_FOUND", body.path("code").textValue());
    assertEquals("DAYTONA_DAEMON", body.path("source").textValue());
    assertEquals(
        400, server.post("/computeruse/recordings/start", "{\"label\":\".x\"}").statusCode());
    assertEquals(400, server.post("/computeruse/recordings/stop", "{}").statusCode());
    assertEquals(404, server.post("/computeruse/recordings/stop", "{\"id\":\"a\"}").statusCode());
    assertEquals(404, server.get("/computeruse/recordings/a").statusCode());
    assertEquals(404, server.get("/computeruse/recordings/a/download").statusCode());
    assertEquals(
        404,
        server
            .send(
                server
                    .request("/computeruse/recordings/a")
                    .method("DELETE", BodyPublishers.noBody()))
            .statusCode());
  }
}
