package io.daytona.toolbox.process;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code POST /process/code-run} (toolbox protocol §2.2) with this host's python3 and node. */
@Tag("slow")
@Timeout(120)
class CodeRunTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
    Files.createSymbolicLink(server.work().resolve("node_modules"), TypeScript.modules());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  static Stream<Arguments> programs() {
    return Stream.of(
        Arguments.of("python", "print(1)", 0, "1\n"),
        Arguments.of("python", "import sys\nprint('e', file=sys.stderr)\nprint('o')", 0, "e\no\n"),
        Arguments.of("python", "import sys; sys.exit(7)", 7, ""),
        Arguments.of("python", "import os; os.kill(os.getpid(), 9)", -1, ""),
        Arguments.of("python", "import os; print(os.environ['FROM_BASE'])", 0, "base\n"),
        Arguments.of("python", "try: input()\nexcept EOFError: print('eof')", 0, "eof\n"),
        Arguments.of("javascript", "console.log(1 + 1)", 0, "2\n"),
        Arguments.of("javascript", "console.error('e'); process.exit(5)", 5, "e\n"),
        Arguments.of("typescript", "const n: number = 3; console.log(n)", 0, "3\n"),
        Arguments.of("typescript", "process.exit(4)", 4, ""));
  }

  @ParameterizedTest
  @MethodSource("programs")
  void runs(String language, String code, int exitCode, String result) throws Exception {
    JsonNode reply = run(language, code, Map.of());
    assertEquals(exitCode, reply.get("exitCode").intValue(), reply::toString);
    assertEquals(result, reply.get("result").textValue());
    assertFalse(reply.has("artifacts"), "no charts, no key");
  }

  static Stream<Arguments> arguments() {
    String script = "console.log(JSON.stringify(process.argv.slice(1)))";
    return Stream.of(
        Arguments.of(
            "python", "import sys, json; print(json.dumps(sys.argv[1:], separators=(',', ':')))"),
        Arguments.of("javascript", script),
        Arguments.of("typescript", script));
  }

  @ParameterizedTest
  @MethodSource("arguments")
  void argumentsArriveAsTheyAre(String language, String code) throws Exception {
    List<String> argv = List.of("plain", "a b", "$HOME;'\"*", "");
    JsonNode reply = run(language, code, Map.of("argv", argv));
    assertEquals(Json.mapper().writeValueAsString(argv) + "\n", reply.get("result").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "javascript", "typescript"})
  void aSyntaxErrorIsAResult(String language) throws Exception {
    JsonNode reply = run(language, "this is ( no program", Map.of());
    assertNotEquals(0, reply.get("exitCode").intValue());
    assertTrue(
        reply.get("result").textValue().contains("SyntaxError")
            || reply.get("result").textValue().contains("TSError"),
        reply::toString);
  }

  @Test
  void pythonSeesADashAsItsName() throws Exception {
    assertEquals(
        "-\n", run("python", "import sys; print(sys.argv[0])", Map.of()).get("result").textValue());
  }

  @Test
  void worksInTheWorkingDirectory() throws Exception {
    assertEquals(
        server.work().toRealPath() + "\n",
        run("python", "import os; print(os.getcwd())", Map.of("cwd", "/"))
            .get("result")
            .textValue());
  }

  @Test
  void outputIsNotHeldBackByThePipe() throws Exception {
    String code = "import os\nprint('one')\nos.write(1, b'two\\n')\nprint('three')";
    assertEquals("one\ntwo\nthree\n", run("python", code, Map.of()).get("result").textValue());
  }

  @Test
  void typeScriptLeavesNoFileBehind() throws Exception {
    String code = "console.log(__filename)";
    String file = run("typescript", code, Map.of()).get("result").textValue().strip();
    assertTrue(file.matches("/tmp/dtn_\\d+\\.ts"), file);
    assertFalse(Files.exists(Path.of(file)));
    String hang = "require('fs').writeFileSync('name', __filename); while (true) {}";
    assertError(
        post("typescript", hang, Map.of("timeout", 15)),
        408,
        "PROCESS_EXECUTION_TIMEOUT",
        "request timeout");
    assertFalse(Files.exists(Path.of(Files.readString(server.work().resolve("name")))));
  }

  @Test
  void aMissingProgramIsWhatAShellWouldSay() throws Exception {
    JsonNode reply = run("python", "print(1)", Map.of("envs", Map.of("PATH", "/no/such/place")));
    assertEquals(127, reply.get("exitCode").intValue());
    assertEquals(
        "python3: command not found; install python3 in the sandbox's image\n",
        reply.get("result").textValue());
  }

  @Test
  void aTimeoutIs408() throws Exception {
    assertError(
        post("python", "while True: pass", Map.of("timeout", 1)),
        408,
        "PROCESS_EXECUTION_TIMEOUT",
        "request timeout: command execution timeout");
  }

  @Test
  void anUnknownLanguageIsRefused() throws Exception {
    assertError(
        post("cobol", "DISPLAY 1", Map.of()),
        400,
        "BAD_REQUEST",
        "bad request: unsupported language: cobol");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"code\":\"1\"}",
        "{\"language\":\"python\"}",
        "{\"code\":\"\",\"language\":\"python\"}",
        "{\"code\":\"1\",\"language\":\"python\",\"argv\":\"x\"}",
        "{\"code\":\"1\",\"language\":\"python\",\"argv\":[null]}",
        "{\"code\":\"1\",\"language\":\"python\",\"timeout\":-1}",
        "no json"
      })
  void aBadBodyIsRefused(String body) throws Exception {
    assertError(
        server.post("/process/code-run", body),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: ");
  }

  private static JsonNode run(String language, String code, Map<String, ?> more)
      throws IOException, InterruptedException {
    return ok(post(language, code, more));
  }

  private static HttpResponse<byte[]> post(String language, String code, Map<String, ?> more)
      throws IOException, InterruptedException {
    Map<String, Object> body = new HashMap<>(more);
    body.put("language", language);
    body.put("code", code);
    return server.post("/process/code-run", Json.mapper().writeValueAsString(body));
  }
}
