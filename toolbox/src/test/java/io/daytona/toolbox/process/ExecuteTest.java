package io.daytona.toolbox.process;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code POST /process/execute} (toolbox protocol §2.1). */
@Timeout(120)
class ExecuteTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  static Stream<Arguments> commands() {
    return Stream.of(
        Arguments.of("echo hello", 0, "hello\n"),
        Arguments.of("printf '  kept  '", 0, "  kept  "),
        Arguments.of("exit 42", 42, ""),
        Arguments.of("ls /no/such/place > /dev/null 2>&1", 2, ""),
        Arguments.of("kill -9 $$", -1, ""),
        Arguments.of("echo one\necho two # comment\n", 0, "one\ntwo\n"),
        Arguments.of(
            "cat <<'END'\nin the document\nEND\necho after", 0, "in the document\nafter\n"),
        Arguments.of("echo before; cat\nthis is input", 0, "before\nthis is input"),
        Arguments.of("read x\nvalue\necho \"got $x\"", 0, "got value\n"),
        Arguments.of("echo $FROM_BASE", 0, "base\n"),
        Arguments.of("echo out; echo err >&2; echo out", 0, "out\nerr\nout\n"),
        Arguments.of("no-such-command 2> /dev/null", 127, ""));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void runs(String command, int exitCode, String result) throws Exception {
    JsonNode reply = execute(Map.of("command", command));
    assertEquals(exitCode, reply.get("exitCode").intValue(), reply::toString);
    assertEquals(result, reply.get("result").textValue());
  }

  @Test
  void theShellIsNeitherLoginNorInteractive() throws Exception {
    String flags =
        execute(Map.of("command", "echo $-; shopt login_shell")).get("result").textValue();
    assertFalse(flags.lines().findFirst().orElseThrow().contains("i"), flags);
    assertTrue(flags.contains("off"), flags);
  }

  @Test
  void worksInTheDirectoryAskedFor() throws Exception {
    String work = server.work().toRealPath().toString();
    Files.createDirectories(server.work().resolve("sub"));
    assertEquals(work + "\n", pwd(Map.of()));
    assertEquals(work + "\n", pwd(Map.of("cwd", "")));
    assertEquals(work + "/sub\n", pwd(Map.of("cwd", "sub")));
    assertEquals("/tmp\n", pwd(Map.of("cwd", "/tmp")));
    assertEquals("/root\n", pwd(Map.of("cwd", "~")));
  }

  @Test
  void variablesAreAddedAndWin() throws Exception {
    Map<String, String> envs = Map.of("FROM_BASE", "mine", "_x1", "a b\"c'\n$HOME");
    JsonNode reply =
        execute(Map.of("command", "printf '%s|%s' \"$FROM_BASE\" \"$_x1\"", "envs", envs));
    assertEquals("mine|a b\"c'\n$HOME", reply.get("result").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1A", "A-B", "A B", "", "A=B", "É", "A\nB"})
  void aVariablesNameIsChecked(String name) throws Exception {
    String body =
        Json.mapper().writeValueAsString(Map.of("command", "true", "envs", Map.of(name, "value")));
    assertError(
        server.post("/process/execute", body),
        400,
        "BAD_REQUEST",
        "bad request: invalid environment variable name: '" + name + "'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}",
        "''",
        "{\"command\":\"\"}",
        "{\"command\":null}",
        "{\"command\":7}",
        "{\"command\":\"true\",\"timeout\":-1}",
        "{\"command\":\"true\",\"timeout\":1.5}",
        "{\"command\":\"true\",\"timeout\":4294967296}",
        "{\"command\":\"true\",\"timeout\":\"1\"}",
        "{\"command\":\"true\",\"cwd\":5}",
        "{\"command\":\"true\",\"envs\":[]}",
        "{\"command\":",
        "[]"
      })
  void aBadBodyIsRefused(String body) throws Exception {
    assertError(
        server.post("/process/execute", body),
        400,
        "BAD_REQUEST",
        "bad request: invalid request body: ");
  }

  @Test
  void aBlankCommandIsRefused() throws Exception {
    assertError(
        server.post("/process/execute", "{\"command\":\" \\n\\t\"}"),
        400,
        "BAD_REQUEST",
        "bad request: command cannot be empty or whitespace-only");
  }

  @Test
  void unknownKeysAndFloatsAreFine() throws Exception {
    assertEquals(
        0,
        ok(server.post(
                "/process/execute", "{\"command\":\"true\",\"timeout\":10.0,\"novelty\":[1]}"))
            .get("exitCode")
            .intValue());
  }

  @ParameterizedTest
  @CsvSource({
    "0.205.1, PROCESS_EXECUTION_TIMEOUT",
    "v0.205.1, PROCESS_EXECUTION_TIMEOUT",
    "0.190.0, REQUEST_TIMEOUT",
    "dev, PROCESS_EXECUTION_TIMEOUT",
    "'', PROCESS_EXECUTION_TIMEOUT",
  })
  void aTimeoutKillsTheWholeGroup(String version, String code) throws Exception {
    String command = "sleep 600 & echo $! > child.pid; sleep 601";
    long start = System.nanoTime();
    var reply =
        server.post(
            "/process/execute",
            Json.mapper().writeValueAsString(Map.of("command", command, "timeout", 1)),
            "X-Daytona-SDK-Version",
            version.isEmpty() ? "none" : version);
    assertError(reply, 408, code, "request timeout: command execution timeout");
    assertTrue(System.nanoTime() - start >= Duration.ofSeconds(1).toNanos());
    long child = Long.parseLong(Files.readString(server.work().resolve("child.pid")).strip());
    ProcessHandle.of(child).ifPresent(left -> left.onExit().orTimeout(10, TimeUnit.SECONDS).join());
  }

  @Test
  void whatCannotStartIsAResult() throws Exception {
    JsonNode reply = execute(Map.of("command", "true", "cwd", "/no/such/place"));
    assertEquals(-1, reply.get("exitCode").intValue());
    String result = reply.get("result").textValue();
    assertTrue(result.startsWith("fork/exec /"), result);
    assertTrue(result.endsWith(": no such file or directory"), result);
  }

  @Test
  void aBackgroundChildDoesNotHoldTheReply() throws Exception {
    long start = System.nanoTime();
    assertEquals(
        "started\n",
        execute(Map.of("command", "sleep 60 & echo started")).get("result").textValue());
    assertTrue(System.nanoTime() - start < Duration.ofSeconds(20).toNanos());
  }

  @Test
  void bytesThatAreNotTextAreReplaced() throws Exception {
    assertEquals(
        "a\uFFFDb\uFFFD",
        execute(Map.of("command", "printf 'a\\377b\\303'")).get("result").textValue());
    assertEquals(
        "\u0000\u0001\"\\\u00e9\ud83d\ude00",
        execute(Map.of("command", "printf '\\000\\001\"\\\\\\303\\251\\360\\237\\230\\200'"))
            .get("result")
            .textValue());
  }

  @Test
  void aScriptMayBeLargerThanAnyArgument() throws Exception {
    String comment = "# " + "x".repeat(99) + "\n";
    String script = "echo first\n" + comment.repeat(40_000) + "echo last";
    assertEquals("first\nlast\n", execute(Map.of("command", script)).get("result").textValue());
  }

  @Test
  void aScriptThatEndsEarlyIsNotWaitedFor() throws Exception {
    String script = "exit 3\n" + "# not read\n".repeat(200_000);
    assertEquals(3, execute(Map.of("command", script)).get("exitCode").intValue());
  }

  @Test
  void tooMuchOutputLosesItsMiddle() throws Exception {
    JsonNode reply = execute(Map.of("command", "echo first; yes | head -c 20000000; echo last"));
    String result = reply.get("result").textValue();
    assertEquals(0, reply.get("exitCode").intValue());
    assertTrue(result.startsWith("first\ny\n"));
    assertTrue(result.endsWith("y\nlast\n"));
    assertTrue(result.length() <= ToolboxServer.OUTPUT_LIMIT + 100, "" + result.length());
    int gap = result.indexOf("\n[... ");
    String missing = result.substring(gap + 6, result.indexOf(" bytes of output left out ...]\n"));
    int kept =
        result.length() - ("\n[... " + missing + " bytes of output left out ...]\n").length();
    assertEquals(20_000_011, kept + Integer.parseInt(missing));
  }

  @Test
  void theListOfShellsIsLookedAtForEveryCall(@TempDir Path directory) throws Exception {
    Path shells = directory.resolve("shells");
    Files.writeString(shells, "# /usr/bin/zsh\n/bin/sh\n/usr/bin/bash\n");
    try (ToolboxServer other =
        ToolboxServer.start(RealAgent.startWith(shells, Path.of("/etc/shells")))) {
      assertEquals("/usr/bin/bash\n", shell(other));
      Files.writeString(shells, "/bin/bash\n");
      assertEquals("/bin/bash\n", shell(other));
      Files.writeString(shells, "/bin/sh\n");
      assertEquals("/bin/bash\n", shell(other), "the user's own shell");
      Files.writeString(shells, "/bin/zsh\n");
      JsonNode missing = execute(other, Map.of("command", "true"));
      assertEquals(-1, missing.get("exitCode").intValue());
      assertEquals(
          "fork/exec /bin/zsh: no such file or directory; install this shell in the sandbox's image",
          missing.get("result").textValue());
      Files.writeString(shells, "/usr/bin/bash\n");
      assertEquals("/usr/bin/bash\n", shell(other));
      assertEquals("/usr/bin/bash\n", shell(other));
    }
  }

  private static String shell(ToolboxServer toolbox) throws Exception {
    return execute(toolbox, Map.of("command", "echo \"$(tr -d '\\0' < /proc/$$/cmdline)\""))
        .get("result")
        .textValue();
  }

  private static String pwd(Map<String, String> with) throws Exception {
    var body = new HashMap<String, Object>(with);
    body.put("command", "pwd");
    return execute(body).get("result").textValue();
  }

  private static JsonNode execute(Map<String, ?> body) throws IOException, InterruptedException {
    return execute(server, body);
  }

  private static JsonNode execute(ToolboxServer toolbox, Map<String, ?> body)
      throws IOException, InterruptedException {
    var reply = toolbox.post("/process/execute", Json.mapper().writeValueAsString(body));
    JsonNode json = ok(reply);
    assertEquals(json.has("signal") ? 3 : 2, json.size(), json::toString);
    return json;
  }
}
