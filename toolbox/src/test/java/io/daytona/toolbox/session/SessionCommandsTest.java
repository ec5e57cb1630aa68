package io.daytona.toolbox.session;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.Replies;
import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands of sessions by requests (toolbox protocol §3.1–3.4). */
@Timeout(120)
@Tag("slow")
class SessionCommandsTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start(RealAgent.startWithTools());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static SessionClient session() throws Exception {
    return SessionClient.create(server, UUID.randomUUID().toString());
  }

  @Test
  void theStateOfTheShellIsKept() throws Exception {
    SessionClient session = session();
    session.run("export VISIBLE=yes; plain=1; cd /usr; f() { echo \"from f $1\"; }; set -f");
    assertEquals(
        "yes 1 /usr\nfrom f x\n*\n",
        session.run("echo $VISIBLE $plain $PWD; f x; echo *").get("stdout").textValue());
    assertEquals("yes\n", session.run("sh -c 'echo $VISIBLE'").get("stdout").textValue());
    session.run("sleep 300 & job=$!");
    assertEquals(0, session.run("kill -0 $job && kill $job").get("exitCode").intValue());
  }

  @Test
  void aCommandIsHeldByAProgramThatSignalsDoNotEnd() throws Exception {
    String script =
        """
        out=$(readlink /proc/$$/fd/1)
        for p in /proc/[0-9]*; do
          if [ "$(readlink $p/exe)" = /.daytona/bin/hold ] && [ "$(readlink $p/fd/1)" = "$out" ]
          then kill -TERM ${p#/proc/}; kill -HUP ${p#/proc/}; echo held; fi
        done
        sleep 0.2
        echo to the end\
        """;
    assertEquals("held\nto the end\n", session().run(script).get("stdout").textValue());
  }

  @Test
  void aSynchronousReplyHasEverything() throws Exception {
    JsonNode reply = session().run("echo out; echo err >&2; exit_code() { return 3; }; exit_code");
    assertEquals(3, reply.get("exitCode").intValue());
    assertEquals("out\n", reply.get("stdout").textValue());
    assertEquals("err\n", reply.get("stderr").textValue());
    assertEquals(36, reply.get("cmdId").textValue().length());
    String output = reply.get("output").textValue();
    assertTrue(output.contains("\1\1\1out\n"), output);
    assertTrue(output.contains("\2\2\2err\n"), output);
  }

  @ParameterizedTest
  @CsvSource({
    "0.205.1, true, true",
    "v0.167.0, true, true",
    "0.0.0-dev, true, true",
    "0.166.0, true, false",
    "0.27.0, true, false",
    "0.27.0a1, false, false",
    "0.26.9, false, false",
    "'', false, false"
  })
  void generationsSeeWhatTheyKnow(String version, boolean markers, boolean channels)
      throws Exception {
    SessionClient session = session();
    String[] headers =
        version.isEmpty() ? new String[0] : new String[] {"X-Daytona-SDK-Version", version};
    JsonNode reply = Replies.ok(session.exec(Map.of("command", "echo hi; echo e >&2"), headers));
    assertEquals(markers, reply.get("output").textValue().contains("\1\1\1hi\n"));
    assertEquals(channels, reply.path("stdout").isTextual());
    assertEquals(channels, reply.path("stderr").isTextual());
    HttpResponse<byte[]> logs =
        server.get(session.path(reply.get("cmdId").textValue()) + "/logs", headers);
    String type = logs.headers().firstValue("Content-Type").orElseThrow();
    assertEquals(channels ? "application/json" : "text/plain", type.replaceAll(";.*", ""));
    String body = new String(logs.body(), StandardCharsets.UTF_8);
    if (channels) {
      assertEquals("hi\n", Replies.json(logs).get("stdout").textValue());
      assertEquals("e\n", Replies.json(logs).get("stderr").textValue());
    } else {
      assertEquals(markers, body.contains("\1\1\1hi\n"), body);
      assertEquals(5 + (markers ? 6 : 0), body.length());
    }
  }

  @Test
  void aClientWithoutVersionMayAskForMarkers() throws Exception {
    JsonNode reply =
        Replies.ok(session().exec(Map.of("command", "echo hi"), "X-Daytona-Split-Output", "true"));
    assertEquals("\1\1\1hi\n", reply.get("output").textValue());
    assertFalse(reply.has("stdout"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"runAsync", "async"})
  void anAsynchronousCommandIsAnsweredAtOnce(String flag) throws Exception {
    SessionClient session = session();
    HttpResponse<byte[]> reply =
        session.exec(Map.of("command", "read x; exit $x", flag, true), SessionClient.CURRENT);
    assertEquals(202, reply.statusCode());
    JsonNode body = Replies.json(reply);
    for (String key : List.of("exitCode", "output", "stdout", "stderr")) {
      assertFalse(body.has(key), key);
    }
    String id = body.get("cmdId").textValue();
    assertNull(session.command(id).get("exitCode"));
    assertEquals("read x; exit $x", session.command(id).get("command").textValue());
    assertEquals(204, session.input(id, "5").statusCode());
    assertEquals(5, session.await(id));
  }

  @Test
  void commandsRunOneAfterAnother() throws Exception {
    SessionClient session = session();
    String first = session.start("read x; echo first > order");
    String second = session.start("cat order; echo second");
    assertNull(session.command(second).get("exitCode"));
    assertEquals("", session.logs(second).get("output").textValue());
    session.input(first, "go");
    assertEquals("first\n", session.run("cat order").get("stdout").textValue());
    assertEquals("first\nsecond\n", session.logs(second).get("stdout").textValue());
    JsonNode commands = session.get().get("commands");
    assertEquals(3, commands.size());
    assertEquals(first, commands.get(0).get("id").textValue());
  }

  @Test
  void aSynchronousCommandHasNoInput() throws Exception {
    assertEquals("end 1\n", session().run("read x; echo end $?").get("stdout").textValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "printf 'no newline'| no newline¶",
        "printf 'a¶b'| a¶b¶",
        "printf 'h\\303'; printf '\\251llo¶'| héllo¶",
        "printf 'a\\000b¶'| a\u0000b¶",
        "printf '\\377¶'| \ufffd¶",
        "printf '¶¶x'| ¶¶x¶",
        "true| ''",
        "echo it\\'s | it's¶",
        "echo \"a'b\" '\"' | a'b \"¶",
        "cat <<E¶in doc¶E| in doc¶",
        "echo last # comment| last¶",
        "if true; then¶ echo multi¶fi| multi¶",
        "echo a\\| a¶",
        "echo before; return 0; echo not| before¶"
      })
  void outputIsByLines(String command, String expected) throws Exception {
    JsonNode reply = session().run(command.replace('¶', '\n'));
    assertEquals(expected.replace('¶', '\n'), reply.get("stdout").textValue());
  }

  @Test
  void aPartialLineIsHeldUntilItsEnd() throws Exception {
    SessionClient session = session();
    String id = session.start("printf 'whole\\npart'; read x; printf 'ial\\n'", true);
    HttpResponse<byte[]> soFar;
    do {
      soFar = server.get(session.path(id) + "/logs");
    } while (soFar.body().length == 0);
    assertEquals("whole\n", new String(soFar.body(), StandardCharsets.UTF_8));
    session.input(id, "go");
    session.await(id);
    assertEquals("whole\npartial\n", session.logs(id).get("stdout").textValue());
  }

  @Test
  void largeCommandsAndOutputs() throws Exception {
    SessionClient session = session();
    String word = "x".repeat(100_000);
    JsonNode reply = session.run("word='" + word + "'; echo ${#word}; kept=1");
    assertEquals("100000\n", reply.get("stdout").textValue());
    assertEquals("1\n", session.run("echo $kept").get("stdout").textValue());
    String text = session.command(reply.get("cmdId").textValue()).get("command").textValue();
    assertEquals("word='" + word + "'; echo ${#word}; kept=1", text);
    JsonNode large = session.run("seq 1 200000; seq 1 10 >&2");
    assertEquals(1_288_895, large.get("stdout").textValue().length());
    assertEquals(21, large.get("stderr").textValue().length());
    assertEquals(1_288_895 + 21 + 200_010 * 3, large.get("output").textValue().length());
    JsonNode longLine = session.run("head -c 300000 /dev/zero | tr '\\0' y");
    assertEquals("y".repeat(300_000) + "\n", longLine.get("stdout").textValue());
  }

  @Test
  void aBackgroundJobOutlivesItsCommand() throws Exception {
    SessionClient session = session();
    JsonNode reply =
        session.run(
            "(while [ ! -e go-on ]; do sleep 0.02; done; echo later; touch said) & echo now");
    assertEquals("now\n", reply.get("stdout").textValue());
    session.run("touch go-on; wait");
    assertTrue(Files.exists(server.work().resolve("said")));
    assertEquals(
        "now\nlater\n", session.logs(reply.get("cmdId").textValue()).get("stdout").textValue());
  }

  @Test
  void theEndOfTheShellEndsTheSession() throws Exception {
    SessionClient session = session();
    String ends = session.start("read x; echo before; exit 7", true);
    String never = session.start("echo never");
    session.input(ends, "go");
    assertEquals(7, session.await(ends));
    assertEquals("before\n", session.logs(ends).get("stdout").textValue());
    assertEquals(-1, session.await(never));
    assertError(
        session.exec(Map.of("command", "echo x"), SessionClient.CURRENT),
        410,
        "SESSION_ENDED",
        "gone: session process has exited");
    assertError(
        session.exec(Map.of("command", "echo x"), "X-Daytona-SDK-Version", "0.190.0"),
        410,
        "GONE",
        "gone: session process has exited");
    assertError(session.input(never, "x"), 410, "SESSION_ENDED", "gone: session process");
    assertEquals(2, session.get().get("commands").size());
    assertEquals(204, session.delete().statusCode());
  }

  @ParameterizedTest
  @CsvSource({"exit 7, 7", "kill -9 $$, 137", "set -e; false; echo x, 1", "exec sh -c 'exit 9', 9"})
  void aSynchronousCommandMayEndTheShell(String command, int exitCode) throws Exception {
    SessionClient session = session();
    JsonNode reply = session.run("echo out; " + command);
    assertEquals(exitCode, reply.get("exitCode").intValue());
    assertEquals("out\n", reply.get("stdout").textValue());
    assertEquals(410, session.exec(Map.of("command", "true"), SessionClient.CURRENT).statusCode());
  }

  @Test
  void settingErrexitWorksUntilSomethingFails() throws Exception {
    SessionClient session = session();
    session.run("set -e");
    assertEquals("fine\n", session.run("echo fine").get("stdout").textValue());
    assertEquals(1, session.run("false; echo not here").get("exitCode").intValue());
    assertEquals(3, session.get().get("commands").size());
  }

  @Test
  void functionsWithNamesOfBuiltinsAreInNobodysWay() throws Exception {
    SessionClient session = session();
    session.run("echo() { :; }; kill() { :; }; eval() { :; }; printf() { :; }; set -C; set -x");
    assertEquals(4, session.run("(exit 4)").get("exitCode").intValue());
    assertEquals("x", session.run("command printf x").get("stdout").textValue().strip());
  }

  @Test
  void fiftySessionsAtOnce() throws Exception {
    List<Callable<String>> work = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int number = i;
      work.add(() -> {
        SessionClient session = SessionClient.create(server, "codex-session-" + number);
        session.run("n=" + number);
        String out = session.run("echo $n").get("stdout").textValue().strip();
        assertEquals(204, session.delete().statusCode());
        return out;
      });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int number = 0;
      for (Future<String> out : threads.invokeAll(work)) {
        assertEquals(Integer.toString(number++), out.get());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"with blank", "ünï/cödé", "..", ".", "%2e", "a'b\"c$d`e\\f", "new\nline", "*?"})
  void anyIdWillDo(String id) throws Exception {
    SessionClient session = SessionClient.create(server, id);
    JsonNode all = Replies.ok(server.get("/process/session", SessionClient.CURRENT));
    assertTrue(all.findValuesAsText("sessionId").contains(id));
    // A path of dots never arrives as such, whatever the server.
    if (!id.contains("/") && !id.startsWith(".")) {
      assertEquals(id, session.get().get("sessionId").textValue());
      String big = "echo " + "y".repeat(5_000);
      assertEquals(5_001, session.run(big).get("stdout").textValue().length());
      assertEquals(204, session.delete().statusCode());
    }
  }

  @Test
  void listsAllButTheEntrypoint() throws Exception {
    SessionClient session = session();
    JsonNode all = Replies.ok(server.get("/process/session", SessionClient.CURRENT));
    assertTrue(all.isArray());
    List<String> ids = all.findValuesAsText("sessionId");
    assertTrue(ids.contains(session.id()));
    assertFalse(ids.contains("entrypoint"));
    assertEquals("[]", session.get().get("commands").toString());
  }

  @Test
  void oldClientsStartAtHome() throws Exception {
    server.post("/process/session", "{\"sessionId\":\"old\"}", "X-Daytona-SDK-Version", "0.102.9");
    SessionClient old = SessionClient.existing(server, "old");
    assertEquals("/root\n", old.run("pwd").get("stdout").textValue());
    assertEquals(server.work().toRealPath() + "\n", session().run("pwd").get("stdout").textValue());
  }

  @Test
  void theEntrypointIsThereToBeRead() throws Exception {
    SessionClient entry = SessionClient.existing(server, "entrypoint");
    JsonNode command = entry.get().get("commands").get(0);
    assertEquals("entrypoint_command", command.get("id").textValue());
    assertNull(command.get("exitCode"));
    assertEquals("entrypoint", entry.get().get("sessionId").textValue());
    JsonNode logs =
        Replies.ok(server.get("/process/session/entrypoint/logs", SessionClient.CURRENT));
    assertEquals("", logs.get("output").textValue());
    assertEquals("", logs.get("stdout").textValue());
    assertEquals("", entry.logs("entrypoint_command").get("stderr").textValue());
    assertArrayEquals(new byte[0], server.get("/process/session/entrypoint/logs").body());
    assertEquals(
        command, Replies.ok(server.get(entry.path("entrypoint_command"), SessionClient.CURRENT)));
  }
}
