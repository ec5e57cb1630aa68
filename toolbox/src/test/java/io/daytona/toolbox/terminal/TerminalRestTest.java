package io.daytona.toolbox.terminal;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The requests about terminals (toolbox protocol §4.1). */
@Timeout(120)
class TerminalRestTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    RealAgent agent = RealAgent.start();
    server = ToolboxServer.start(agent, "root", agent.work().toString(), TerminalUser.BASE);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @AfterEach
  void deleteAll() throws Exception {
    for (JsonNode one : sessions()) {
      ok(delete(one.get("id").textValue()));
    }
  }

  @Test
  void thereAreNone() throws Exception {
    assertEquals("{\"sessions\":[]}", text(server.get("/process/pty")));
  }

  @Test
  void createsOneWithDefaults() throws Exception {
    HttpResponse<byte[]> created = create("{\"id\":\"one\"}");
    assertEquals(201, created.statusCode());
    assertEquals("{\"sessionId\":\"one\"}", text(created));
    JsonNode info = ok(server.get("/process/pty/one"));
    Set<String> keys = new TreeSet<>();
    info.fieldNames().forEachRemaining(keys::add);
    assertEquals(
        Set.of(
            "id", "cwd", "envs", "cols", "rows", "createdAt", "active", "lazyStart", "processId"),
        keys);
    assertEquals("one", info.get("id").textValue());
    assertEquals(server.work().toRealPath().toString(), info.get("cwd").textValue());
    assertEquals("{\"TERM\":\"xterm-256color\"}", info.get("envs").toString());
    assertEquals(80, info.get("cols").intValue());
    assertEquals(24, info.get("rows").intValue());
    assertTrue(Instant.parse(info.get("createdAt").textValue()).isAfter(Instant.EPOCH));
    assertTrue(info.get("active").booleanValue());
    assertFalse(info.get("lazyStart").booleanValue());
    long pid = info.get("processId").longValue();
    assertTrue(ProcessHandle.of(pid).orElseThrow().isAlive());
    assertEquals(info, sessions().getFirst());
  }

  @Test
  void createsOneAsAsked() throws Exception {
    create(
        "{\"id\":\"ä/ b\",\"cwd\":\"/tmp\",\"envs\":{\"A\":\"1\",\"TERM\":\"vt100\"},"
            + "\"cols\":300,\"rows\":100,\"lazyStart\":true}");
    JsonNode info = ok(server.get("/process/pty/%C3%A4%2F%20b"));
    assertEquals("ä/ b", info.get("id").textValue());
    assertEquals("/tmp", info.get("cwd").textValue());
    assertEquals("{\"A\":\"1\",\"TERM\":\"vt100\"}", info.get("envs").toString());
    assertEquals(300, info.get("cols").intValue());
    assertEquals(100, info.get("rows").intValue());
    assertFalse(info.get("active").booleanValue());
    assertTrue(info.get("lazyStart").booleanValue());
    assertFalse(info.has("processId"), info::toString);
    ok(delete("%C3%A4%2F%20b"));
    assertEquals(List.of(), sessions());
  }

  @ParameterizedTest
  @CsvSource({"a\\u0000b", "\\ud800"})
  void whatNoPathCanNameIsNotCreated(String id) throws Exception {
    assertEquals(400, create("{\"id\":\"" + id + "\",\"lazyStart\":true}").statusCode());
    assertEquals(List.of(), sessions());
  }

  @Test
  void thoseThatWaitForAClientTakeLittleMemory() throws Exception {
    String value = "x".repeat(3_000_000);
    String large = "{\"id\":\"%s\",\"lazyStart\":true,\"envs\":{\"A\":\"" + value + "\"}}";
    assertEquals(201, create(large.formatted("one")).statusCode());
    HttpResponse<byte[]> second = create(large.formatted("two"));
    assertEquals(400, second.statusCode());
    assertTrue(text(second).contains("4194304"), text(second));
    assertEquals(201, create("{\"id\":\"small\",\"lazyStart\":true}").statusCode());
    ok(delete("one"));
    assertEquals(201, create(large.formatted("two")).statusCode());
  }

  @Test
  void oldGoClientsGetNoKeysTheyRefuse() throws Exception {
    create("{\"id\":\"go\"}");
    JsonNode old =
        ok(
            server.get(
                "/process/pty/go",
                "X-Daytona-Source",
                "sdk-go",
                "X-Daytona-SDK-Version",
                "v0.187.9"));
    assertEquals(8, old.size(), old::toString);
    JsonNode newer =
        ok(
            server.get(
                "/process/pty/go",
                "X-Daytona-Source",
                "sdk-go",
                "X-Daytona-SDK-Version",
                "v0.188.0"));
    assertTrue(newer.has("processId"), newer::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|session ID is required",
        "{\"id\":\"\"}|session ID is required",
        "{\"id\":null}|session ID is required",
        "{\"id\":\"x\",\"cols\":1001}|invalid value for cols - must be less than 1000",
        "{\"id\":\"x\",\"rows\":1001}|invalid value for rows - must be less than 1000",
        "{\"id\":\"x\",\"rows\":70000}|invalid value for rows - must be less than 1000",
        "{\"id\":\"x\",\"rows\":-1}|invalid value for rows",
        "{\"id\":\"x\",\"cwd\":\"/no/such\"}|failed to start PTY session: chdir /no/such: no such",
        "{\"id\":\"x\",\"cwd\":\"/etc/passwd\"}|failed to start PTY session: chdir /etc/passwd:",
        "{\"id\":\"x\",\"cwd\":\"\\u0000\"}|failed to start PTY session",
        "{\"id\":\"x\",\"envs\":{\"A=B\":\"c\"}}|bad request: invalid environment variable name",
        "{\"id\":\"x\",\"envs\":{\"A\":\"\\u0000\"}}|failed to start PTY session",
      })
  void refusesToCreate(String body, String message) throws Exception {
    assertError(create(body), 400, "BAD_REQUEST", message);
    assertEquals(List.of(), sessions());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{|", "{\"id\":1}|", "{\"id\":\"x\",\"cols\":\"80\"}|", "[]|", "null|"})
  void refusesMalformedBodies(String body) throws Exception {
    assertError(create(body), 400, "INVALID_REQUEST_BODY", "invalid body request: ");
  }

  @Test
  void refusesATakenId() throws Exception {
    for (String lazy : List.of("true", "false")) {
      create("{\"id\":\"taken\",\"lazyStart\":" + lazy + "}");
      for (String other : List.of("true", "false")) {
        assertError(
            create("{\"id\":\"taken\",\"lazyStart\":" + other + "}"),
            409,
            "CONFLICT",
            "PTY session with ID 'taken' already exists");
      }
      ok(delete("taken"));
    }
  }

  @Test
  void onlyOneOfManyGetsAnId() throws Exception {
    List<Thread> threads = new ArrayList<>();
    List<Integer> statuses = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 8; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  statuses.add(create("{\"id\":\"race\"}").statusCode());
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, statuses.stream().filter(status -> status == 201).count(), statuses::toString);
    assertEquals(7, statuses.stream().filter(status -> status == 409).count(), statuses::toString);
    assertEquals(1, sessions().size());
  }

  @Test
  void resizes() throws Exception {
    create("{\"id\":\"size\"}");
    JsonNode reply = ok(resize("size", "{\"cols\":100,\"rows\":30}"));
    assertEquals(100, reply.get("cols").intValue());
    assertEquals(30, reply.get("rows").intValue());
    assertEquals("size", reply.get("id").textValue());
    assertEquals(reply, ok(server.get("/process/pty/size")));
    assertEquals(1000, ok(resize("size", "{\"cols\":1000,\"rows\":1}")).get("cols").intValue());
  }

  @Test
  void refusesToResize() throws Exception {
    create("{\"id\":\"size\"}");
    assertError(
        resize("size", "{\"cols\":1001,\"rows\":1}"),
        400,
        "BAD_REQUEST",
        "cols must be less than 1000");
    assertError(
        resize("size", "{\"cols\":1,\"rows\":1001}"),
        400,
        "BAD_REQUEST",
        "rows must be less than 1000");
    assertError(resize("size", "{\"cols\":-1,\"rows\":1}"), 400, "BAD_REQUEST", "cols must be");
    assertError(
        resize("size", "{\"cols\":0,\"rows\":1}"), 400, "INVALID_REQUEST_BODY", "invalid body");
    assertError(resize("size", "{}"), 400, "INVALID_REQUEST_BODY", "invalid body request: ");
    assertError(resize("none", "{\"cols\":9,\"rows\":9}"), 410, "GONE", "PTY session 'none'");
    create("{\"id\":\"lazy\",\"lazyStart\":true}");
    assertError(
        resize("lazy", "{\"cols\":9,\"rows\":9}"),
        500,
        "INTERNAL_SERVER_ERROR",
        "cannot resize inactive PTY session");
  }

  @Test
  void unknownOnesAreNotFound() throws Exception {
    assertError(server.get("/process/pty/none"), 404, "NOT_FOUND", "PTY session not found");
    assertError(delete("none"), 404, "NOT_FOUND", "PTY session not found");
  }

  @Test
  void socketsNeedAnUpgrade() throws Exception {
    assertError(server.get("/process/pty/x/connect"), 400, "BAD_REQUEST", "bad request: this path");
    assertError(
        server.get("/process/pty/create-connect?id=x"),
        400,
        "BAD_REQUEST",
        "bad request: this path");
    assertEquals(List.of(), sessions());
  }

  @Test
  void deletingKillsEveryDescendant() throws Exception {
    create("{\"id\":\"tree\"}");
    long shell = ok(server.get("/process/pty/tree")).get("processId").longValue();
    try (TerminalUser user = TerminalUser.connect(server, "tree")) {
      user.type("(sleep 1001 & nohup sleep 1002 >/dev/null 2>&1 & setsid sleep 1003 & wait) &\n");
      user.type("sh -c 'sleep 1004; true'\n");
      List<ProcessHandle> all = awaitDescendants(shell, 6);
      HttpResponse<byte[]> reply = delete("tree");
      assertEquals("{\"message\":\"PTY session deleted\"}", text(reply));
      for (ProcessHandle one : all) {
        assertFalse(isRunning(one.pid()), () -> "still there: " + one.info());
      }
      assertFalse(isRunning(shell));
      assertEquals(1011, user.closed().code());
      assertEquals("{\"exitCode\":137,\"exitReason\":\"SIGKILL\"}", user.reason().toString());
    }
    assertEquals(List.of(), sessions());
    assertError(delete("tree"), 404, "NOT_FOUND", "PTY session not found");
    assertEquals(List.of(), server.client().processes());
    assertEquals(201, create("{\"id\":\"tree\"}").statusCode());
  }

  @Test
  void deletingKillsDaemons() throws Exception {
    create("{\"id\":\"daemons\"}");
    Path file = server.work().resolve("daemon");
    try (TerminalUser user = TerminalUser.connect(server, "daemons")) {
      user.type(
          "(setsid env -i /bin/sh -c 'echo $$ > "
              + file
              + ".new; mv "
              + file
              + ".new "
              + file
              + "; exec sleep 1005' > /dev/null 2>&1 < /dev/null &)\n");
      while (!Files.exists(file)) {
        Thread.onSpinWait();
      }
      long daemon = Long.parseLong(Files.readString(file).strip());
      assertTrue(isRunning(daemon));
      ok(delete("daemons"));
      assertEquals(1011, user.closed().code());
      assertFalse(isRunning(daemon));
    }
  }

  @Test
  void anEnvironmentLargerThanALabelIsShownWhole() throws Exception {
    String value = "v".repeat(20_000);
    create(Json.mapper().writeValueAsString(Map.of("id", "env", "envs", Map.of("BIG", value))));
    JsonNode envs = ok(server.get("/process/pty/env")).get("envs");
    assertEquals(2, envs.size());
    assertEquals(value, envs.get("BIG").textValue());
    assertEquals("xterm-256color", envs.get("TERM").textValue());
  }

  @Test
  void refusesMoreThanCanBeRemembered() throws Exception {
    for (String lazy : List.of("true", "false")) {
      String body = "{\"id\":\"" + "x".repeat(5_000) + "\",\"lazyStart\":" + lazy + "}";
      assertError(create(body), 400, "BAD_REQUEST", "the ID, the directory and the names");
    }
    String huge = "{\"id\":\"x\",\"envs\":{\"A\":\"" + "x".repeat(300_000) + "\"}}";
    assertError(create(huge), 400, "BAD_REQUEST", "failed to start PTY session: argument list");
  }

  private static List<ProcessHandle> awaitDescendants(long pid, int count) {
    while (true) {
      List<ProcessHandle> all = ProcessHandle.of(pid).orElseThrow().descendants().toList();
      if (all.size() >= count) {
        return all;
      }
      Thread.onSpinWait();
    }
  }

  /** A zombie that waits for its parent has ended. */
  private static boolean isRunning(long pid) throws Exception {
    Path stat = Path.of("/proc/" + pid + "/stat");
    try {
      String text = Files.readString(stat);
      return text.charAt(text.lastIndexOf(')') + 2) != 'Z';
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static HttpResponse<byte[]> create(String body) throws Exception {
    return server.post("/process/pty", body);
  }

  private static HttpResponse<byte[]> resize(String id, String body) throws Exception {
    return server.post("/process/pty/" + id + "/resize", body);
  }

  private static HttpResponse<byte[]> delete(String id) throws Exception {
    return server.send(server.request("/process/pty/" + id).DELETE());
  }

  private static List<JsonNode> sessions() throws Exception {
    List<JsonNode> all = new ArrayList<>();
    ok(server.get("/process/pty")).get("sessions").forEach(all::add);
    return all;
  }

  private static String text(HttpResponse<byte[]> reply) throws Exception {
    assertTrue(json(reply).isObject());
    return new String(reply.body(), StandardCharsets.UTF_8);
  }
}
