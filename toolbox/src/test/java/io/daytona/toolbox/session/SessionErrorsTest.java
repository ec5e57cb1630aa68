package io.daytona.toolbox.session;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.session.SessionClient.CURRENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.toolbox.ToolboxServer;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused (toolbox protocol §3.2, §3.3, §3.6, §3.7). */
@Timeout(60)
class SessionErrorsTest {
  private static ToolboxServer server;
  private static SessionClient session;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
    session = SessionClient.create(server, "there");
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\\u0000b", "\\ud800", "a\\udfff", "\\udc00\\ud800"})
  void whatNoPathCanNameIsNotCreated(String id) throws Exception {
    assertError(
        server.post("/process/session", "{\"sessionId\":\"" + id + "\"}"),
        400,
        "BAD_REQUEST",
        "bad request: sessionId must not contain NUL");
    assertEquals(1, json(server.get("/process/session")).size());
  }

  @Test
  void existingAndReservedIds() throws Exception {
    assertError(
        server.post("/process/session", "{\"sessionId\":\"there\"}", CURRENT),
        409,
        "CONFLICT",
        "conflict: session already exists");
    assertError(
        server.post("/process/session", "{\"sessionId\":\"entrypoint\"}", CURRENT),
        400,
        "BAD_REQUEST",
        "bad request: provided session ID is reserved and cannot be created/overridden");
    String longId = "x".repeat(5_000);
    assertError(
        server.post("/process/session", "{\"sessionId\":\"" + longId + "\"}", CURRENT),
        400,
        "BAD_REQUEST",
        "bad request: session ID is too long");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"sessionId\":\"\"}",
        "{\"sessionId\":null}",
        "",
        "{",
        "{\"sessionId\":7}"
      })
  void createBodies(String body) throws Exception {
    assertError(
        server.post("/process/session", body, CURRENT),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"command\":\"\"}",
        "{\"command\":\" \\n\"}",
        "{\"command\":1}",
        "{\"command\":\"a\\u0000b\"}",
        "[",
        "{\"command\":\"x\",\"runAsync\":\"yes\"}"
      })
  void execBodies(String body) throws Exception {
    assertError(
        server.post(session.path() + "/exec", body, CURRENT),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: ");
  }

  @Test
  void unknownSessions() throws Exception {
    SessionClient none = SessionClient.existing(server, "none");
    String message = "not found: session not found";
    assertError(none.exec(Map.of("command", "x"), CURRENT), 404, "NOT_FOUND", message);
    assertError(server.get(none.path(), CURRENT), 404, "NOT_FOUND", message);
    assertError(none.delete(), 404, "NOT_FOUND", message);
    assertError(none.input("c", "x"), 404, "NOT_FOUND", message);
    assertError(server.get(none.path("c"), CURRENT), 404, "NOT_FOUND", message);
    assertError(server.get(none.path("c") + "/logs", CURRENT), 404, "NOT_FOUND", message);
    assertError(
        server.get(none.path("c") + "/logs?follow=true", CURRENT), 404, "NOT_FOUND", message);
  }

  @Test
  void unknownCommands() throws Exception {
    String message = "not found: command not found";
    assertError(session.input("c", "x"), 404, "NOT_FOUND", message);
    assertError(server.get(session.path("c"), CURRENT), 404, "NOT_FOUND", message);
    assertError(server.get(session.path("c") + "/logs", CURRENT), 404, "NOT_FOUND", message);
    SessionClient entry = SessionClient.existing(server, "entrypoint");
    assertError(server.get(entry.path("c") + "/logs", CURRENT), 404, "NOT_FOUND", message);
    assertError(server.get(entry.path("c"), CURRENT), 404, "NOT_FOUND", message);
  }

  @Test
  void theEntrypointIsOnlyRead() throws Exception {
    SessionClient entry = SessionClient.existing(server, "entrypoint");
    assertError(
        entry.exec(Map.of("command", "x"), CURRENT),
        400,
        "BAD_REQUEST",
        "bad request: can't execute command in entrypoint session");
    assertError(
        entry.input("entrypoint_command", "x"),
        400,
        "BAD_REQUEST",
        "bad request: can't send input to entrypoint session");
    assertError(entry.delete(), 400, "BAD_REQUEST", "bad request: can't delete entrypoint session");
  }

  @Test
  void inputOfEndedCommands() throws Exception {
    String ended = session.start("(exit 3)");
    assertEquals(3, session.await(ended));
    String message = "gone: command has already completed with exit code 3";
    assertError(session.input(ended, "x"), 410, "COMMAND_ALREADY_COMPLETED", message);
    assertError(
        server.post(
            session.path(ended) + "/input", "{\"data\":\"x\"}", "X-Daytona-SDK-Version", "0.190.0"),
        410,
        "GONE",
        message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"data\":\"\"}", "{\"data\":5}", "{"})
  void inputBodies(String body) throws Exception {
    assertError(
        server.post(session.path("c") + "/input", body, CURRENT),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"there/command/x%00y/logs", "%00", "%ff%fe"})
  void oddPaths(String path) throws Exception {
    int status = server.get("/process/session/" + path, CURRENT).statusCode();
    assertEquals(4, status / 100, "status " + status);
  }
}
