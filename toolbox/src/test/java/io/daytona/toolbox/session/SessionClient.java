package io.daytona.toolbox.session;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.Replies;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Speaks about sessions as a current client does. */
final class SessionClient {
  static final String[] CURRENT = {"X-Daytona-SDK-Version", "0.205.1"};

  private final ToolboxServer server;
  private final String session;

  private SessionClient(ToolboxServer server, String session) {
    this.server = server;
    this.session = session;
  }

  /** A new session. */
  static SessionClient create(ToolboxServer server, String id)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> reply =
        server.post("/process/session", json(Map.of("sessionId", id)), CURRENT);
    assertEquals(201, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
    assertEquals(0, reply.body().length);
    return new SessionClient(server, id);
  }

  /** One that is there already. */
  static SessionClient existing(ToolboxServer server, String id) {
    return new SessionClient(server, id);
  }

  static String json(Object value) throws IOException {
    return Json.mapper().writeValueAsString(value);
  }

  String id() {
    return session;
  }

  String path() {
    return "/process/session/"
        + URLEncoder.encode(session, StandardCharsets.UTF_8).replace("+", "%20");
  }

  String path(String command) {
    return path() + "/command/" + command;
  }

  /** Runs a command to its end. */
  JsonNode run(String command) throws IOException, InterruptedException {
    return ok(exec(Map.of("command", command), CURRENT));
  }

  /** Starts a command and returns its id. */
  String start(String command) throws IOException, InterruptedException {
    return start(command, false);
  }

  String start(String command, boolean quiet) throws IOException, InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("command", command);
    body.put("runAsync", true);
    body.put("suppressInputEcho", quiet);
    HttpResponse<byte[]> reply = exec(body, CURRENT);
    assertEquals(202, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
    return Replies.json(reply).get("cmdId").textValue();
  }

  HttpResponse<byte[]> exec(Map<String, ?> body, String... headers)
      throws IOException, InterruptedException {
    return server.post(path() + "/exec", json(body), headers);
  }

  JsonNode get() throws IOException, InterruptedException {
    return ok(server.get(path(), CURRENT));
  }

  JsonNode command(String id) throws IOException, InterruptedException {
    return ok(server.get(path(id), CURRENT));
  }

  /** Waits for a command's end as clients do and returns its exit code. */
  int await(String id) throws IOException, InterruptedException {
    server.get(path(id) + "/logs?follow=true", CURRENT);
    return command(id).get("exitCode").intValue();
  }

  JsonNode logs(String id) throws IOException, InterruptedException {
    return ok(server.get(path(id) + "/logs", CURRENT));
  }

  HttpResponse<byte[]> input(String id, String data) throws IOException, InterruptedException {
    return server.post(path(id) + "/input", json(Map.of("data", data)), CURRENT);
  }

  HttpResponse<byte[]> delete() throws IOException, InterruptedException {
    return server.send(server.request(path(), CURRENT).DELETE());
  }
}
