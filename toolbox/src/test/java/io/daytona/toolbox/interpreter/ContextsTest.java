package io.daytona.toolbox.interpreter;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contexts of the interpreter (toolbox protocol §5.1). */
@Timeout(120)
@Tag("slow")
class ContextsTest extends InInterpreter {
  @Test
  void noDirectoryHasNulInItsName() throws Exception {
    assertError(
        server.post(Interpreter.CONTEXT, "{\"cwd\":\"a\\u0000b\"}"),
        400,
        "BAD_REQUEST",
        "bad request: cwd must not contain NUL");
  }

  @Test
  void aContextIsDescribed() throws Exception {
    JsonNode context = ok(server.post(Interpreter.CONTEXT, "{}"));
    assertEquals(5, context.size(), context::toString);
    UUID.fromString(context.get("id").textValue());
    assertEquals(server.work().toRealPath().toString(), context.get("cwd").textValue());
    assertTrue(Instant.parse(context.get("createdAt").textValue()).isAfter(Instant.EPOCH));
    assertTrue(context.get("active").booleanValue());
    assertEquals("python", context.get("language").textValue());
    assertEquals(context, interpreter.list().get(0));
  }

  @Test
  void contextsAreIsolatedListedAndDeleted() throws Exception {
    assertEquals(0, interpreter.list().size(), "an empty list, not null");
    interpreter.run("x = 'default'").completed();
    String first = interpreter.create();
    String second = interpreter.create();
    interpreter.runIn(first, "x = 'first'").completed();
    assertEquals(
        "NameError",
        interpreter.runIn(second, "print(x)").completed().error().get("name").textValue());
    assertEquals("default\n", interpreter.run("print(x)").completed().stdout());
    assertEquals(Set.of(first, second), ids(), "the default one is not listed");
    HttpResponse<byte[]> reply = delete(server, first);
    assertEquals("Context deleted successfully", ok(reply).get("message").textValue());
    assertEquals(Set.of(second), ids());
    interpreter.runIn(first, "print(x)").closed(1008, "context not found: " + first);
    assertError(delete(server, first), 404, "NOT_FOUND", "not found: ");
  }

  @Test
  void aContextHasADirectory() throws Exception {
    Files.createDirectory(server.work().resolve("sub"));
    for (String cwd : new String[] {"/tmp", "sub", "~"}) {
      JsonNode context =
          ok(
              server.post(
                  Interpreter.CONTEXT, Json.mapper().writeValueAsString(Map.of("cwd", cwd))));
      String shown =
          interpreter
              .runIn(context.get("id").textValue(), "import os; print(os.getcwd())")
              .completed()
              .stdout();
      assertEquals(context.get("cwd").textValue() + "\n", shown);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"language\":\"javascript\"}",
        "{\"cwd\":\"/no/such/place\"}",
        "{\"cwd\":5}",
        "[]",
        "",
        "{"
      })
  void aBadBodyIsRefused(String body) throws Exception {
    HttpResponse<byte[]> reply = server.post(Interpreter.CONTEXT, body);
    assertEquals(400, reply.statusCode(), () -> "" + reply.statusCode());
    assertFalse(json(reply).get("message").textValue().isEmpty());
    assertEquals("DAYTONA_DAEMON", json(reply).get("source").textValue());
  }

  @Test
  void theDefaultContextStays() throws Exception {
    assertError(delete(server, "default"), 400, "BAD_REQUEST", "bad request: ");
  }

  @Test
  void deletingEndsWhatRunsAndWhatWaits() throws Exception {
    String context = interpreter.create();
    Map<String, String> there = Map.of("contextId", context);
    String code =
        "import os, subprocess, time\nsubprocess.Popen(['sleep', '600'])\nprint(os.getpid())\n"
            + "time.sleep(600)";
    try (ToolboxSocket running = interpreter.begin(code, there)) {
      String printed = Interpreter.frame(running.text()).get("text").textValue();
      try (ToolboxSocket waiting = interpreter.begin("print(1)", there)) {
        assertNull(waiting.next(100), "it is not its turn");
        ok(delete(server, context));
        Interpreter.end(running).closed(1001, "context shutdown");
        Interpreter.end(waiting).closed(1001, "context shutdown");
      }
      long pid = Long.parseLong(printed.strip());
      assertTrue(ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
    }
  }

  @Test
  void deletingEndsDaemons() throws Exception {
    String context = interpreter.create();
    Map<String, String> there = Map.of("contextId", context);
    String code =
        "import os, subprocess, time\n"
            + "subprocess.run(\"(setsid sh -c 'trap : TERM; echo $$ > daemon.new; mv daemon.new"
            + " daemon; while :; do sleep 0.1; done' > /dev/null 2>&1 &)\", shell=True)\n"
            + "while not os.path.exists('daemon'): time.sleep(0.01)\n"
            + "print(open('daemon').read())";
    long daemon;
    try (ToolboxSocket running = interpreter.begin(code, there)) {
      String printed = Interpreter.frame(running.text()).get("text").textValue();
      daemon = Long.parseLong(printed.strip());
    }
    assertTrue(ProcessHandle.of(daemon).filter(ProcessHandle::isAlive).isPresent());
    ok(delete(server, context));
    assertTrue(ProcessHandle.of(daemon).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void aWorkerThatIgnoresTheFirstSignalIsKilled() throws Exception {
    String context = interpreter.create();
    interpreter
        .runIn(context, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
        .completed();
    ok(delete(server, context));
    assertEquals(0, interpreter.list().size());
  }

  @Test
  void stateSurvivesARestartOfThePlatform() throws Exception {
    try (RealAgent agent = RealAgent.start()) {
      String context;
      ToolboxServer before = ToolboxServer.start(agent);
      Interpreter old = new Interpreter(before);
      old.run("kept = 'default'").completed();
      context = old.create();
      old.runIn(context, "kept = 'mine'").completed();
      String busy = "import time\nprint('on')\ntime.sleep(0.5)\nafter = 'finished'\nprint('lost')";
      try (ToolboxSocket socket = old.begin(busy, Map.of("contextId", context))) {
        assertEquals("on\n", Interpreter.frame(socket.text()).get("text").textValue());
        before.closePlatform();
      }
      ToolboxServer restarted = ToolboxServer.start(agent);
      Interpreter now = new Interpreter(restarted);
      assertEquals(1, now.list().size());
      assertEquals(
          "mine finished\n", now.runIn(context, "print(kept, after)").completed().stdout());
      assertEquals("default\n", now.run("print(kept)").completed().stdout());
      now.runIn(context, "import os; os._exit(1)").closed(1001, "worker process ended");
      restarted.closePlatform();
      ToolboxServer again = ToolboxServer.start(agent);
      Interpreter last = new Interpreter(again);
      assertFalse(last.list().get(0).get("active").booleanValue(), "a dead one is remembered");
      assertEquals("new\n", last.runIn(context, "print('new')").completed().stdout());
      ok(delete(again, context));
      assertEquals(0, last.list().size());
      again.closePlatform();
    }
  }

  @Test
  void aMissingInterpreterSaysWhatToInstall() throws Exception {
    try (ToolboxServer bare = ToolboxServer.start()) {
      Map<String, String> env = Map.of("PATH", "/no/such/place");
      bare.client().identity("", env, "root", bare.work().toString());
      Interpreter nothing = new Interpreter(bare);
      assertError(
          bare.post(Interpreter.CONTEXT, "{}"),
          500,
          "INTERNAL_SERVER_ERROR",
          "internal server error: the sandbox has no python3; install the package python3");
      nothing
          .run("print(1)")
          .closed(
              1011,
              "failed to get default context: "
                  + "the sandbox has no python3; install the package python3");
    }
  }

  static HttpResponse<byte[]> delete(ToolboxServer server, String context) throws Exception {
    return server.send(server.request(Interpreter.CONTEXT + "/" + context).DELETE());
  }

  private Set<String> ids() throws Exception {
    Set<String> ids = new HashSet<>();
    interpreter.list().forEach(context -> ids.add(context.get("id").textValue()));
    return ids;
  }
}
