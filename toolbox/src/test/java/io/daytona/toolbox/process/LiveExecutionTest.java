package io.daytona.toolbox.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The WebSocket {@code /process/execute} (docs/toolbox.md). */
@Timeout(60)
class LiveExecutionTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  /** All that a command gave. */
  private record Ran(byte[] out, byte[] err, JsonNode end) {
    String text() {
      return new String(out, StandardCharsets.UTF_8);
    }

    int exitCode() {
      return end.path("exitCode").intValue();
    }
  }

  private static ToolboxSocket begin(Map<String, ?> request) throws JsonProcessingException {
    ToolboxSocket socket = server.socket("/process/execute");
    socket.send(Json.mapper().writeValueAsString(request));
    return socket;
  }

  private static Ran finish(ToolboxSocket socket) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    while (true) {
      switch (socket.next()) {
        case Event.Binary(byte[] bytes) ->
            (bytes[0] == 1 ? out : err).write(bytes, 1, bytes.length - 1);
        case Event.Text(String text) -> {
          JsonNode message = Json.mapper().readTree(text);
          if (message.has("exitCode")) {
            assertEquals(1000, socket.closed().code());
            return new Ran(out.toByteArray(), err.toByteArray(), message);
          }
        }
        case Event other -> throw new AssertionError(other.toString());
      }
    }
  }

  private static Ran run(Map<String, ?> request) throws Exception {
    return finish(begin(request));
  }

  private static Ran run(String... argv) throws Exception {
    return run(Map.of("argv", List.of(argv)));
  }

  private static byte[] output(ToolboxSocket socket) throws InterruptedException {
    if (socket.next() instanceof Event.Binary(byte[] bytes)) {
      return Arrays.copyOfRange(bytes, 1, bytes.length);
    }
    throw new AssertionError("no output");
  }

  @Test
  void argumentsReachTheProgramAsTheyAre() throws Exception {
    String[] odd = {"a b", "'", "\"$HOME\"", "*", "two\nlines", "", "ä"};
    Ran ran = run("printf", "%s|", odd[0], odd[1], odd[2], odd[3], odd[4], odd[5], odd[6]);
    assertEquals(String.join("|", odd) + "|", ran.text());
    assertEquals(0, ran.exitCode());
  }

  @Test
  void outputIsApartAndByteForByte() throws Exception {
    Ran ran = run("sh", "-c", "printf 'a\\0\\377b'; printf 'no newline' >&2; exit 3");
    assertArrayEquals(new byte[] {'a', 0, (byte) 0xff, 'b'}, ran.out);
    assertEquals("no newline", new String(ran.err, StandardCharsets.UTF_8));
    assertEquals(3, ran.exitCode());
  }

  @Test
  void aCommandGoesThroughTheShell() throws Exception {
    Ran ran =
        run(Map.of("command", "echo $X | tr a b; pwd", "envs", Map.of("X", "aa"), "cwd", "/"));
    assertEquals("bb\n/\n", ran.text());
  }

  @ParameterizedTest
  @CsvSource({"no-such-program, 127", "/etc, 126", "false, 1"})
  void exitCodesAreAShells(String program, int code) throws Exception {
    assertEquals(code, run(program).exitCode());
  }

  @Test
  void whatOnlyAShellKnowsWorksToo() throws Exception {
    Ran ran = run("command", "-v", "cd");
    assertEquals(List.of("cd\n", 0), List.of(ran.text(), ran.exitCode()));
  }

  @Test
  void aDirectoryThatIsNotThereIsNamed() throws Exception {
    Ran ran = run(Map.of("argv", List.of("true"), "cwd", "/nope"));
    assertEquals(126, ran.exitCode());
    assertEquals(
        "the directory /nope: no such file or directory", ran.end.path("error").textValue());
  }

  @Test
  void aSignalThatEndsItIsNamed() throws Exception {
    Ran ran = run("sh", "-c", "kill -9 $$");
    assertEquals(137, ran.exitCode());
    assertEquals("SIGKILL", ran.end.path("signal").textValue());
  }

  @Test
  void outputComesWhileItRunsAndSignalsReachIt() throws Exception {
    ToolboxSocket socket =
        begin(
            Map.of(
                "argv",
                List.of("sh", "-c", "trap 'exit 5' INT; printf up; while :; do sleep 0.05; done")));
    assertEquals("up", new String(output(socket), StandardCharsets.UTF_8));
    socket.send("{\"signal\":2}");
    assertEquals(5, finish(socket).exitCode());
  }

  @Test
  void timeEndsItWithAllItStarted() throws Exception {
    Path pid = server.work().resolve("timed.pid");
    Ran ran =
        run(Map.of("command", "sleep 1000 & echo $! >timed.pid; printf kept; wait", "timeout", 1));
    assertEquals(124, ran.exitCode());
    assertEquals("timeout", ran.end.path("reason").textValue());
    assertEquals("kept", ran.text());
    awaitEnd(pid);
  }

  @Test
  void itEndsWithItsClient() throws Exception {
    Path pid = server.work().resolve("left.pid");
    ToolboxSocket socket =
        begin(Map.of("command", "sleep 1000 & echo $! >left.pid; printf up; wait"));
    output(socket);
    socket.vanish();
    awaitEnd(pid);
  }

  @Test
  void whatItLeavesInTheBackgroundGoesOn() throws Exception {
    Path pid = server.work().resolve("background.pid");
    assertEquals(0, run(Map.of("command", "sleep 1000 & echo $! >background.pid")).exitCode());
    ProcessHandle left = ProcessHandle.of(number(pid)).orElseThrow();
    assertTrue(left.isAlive());
    left.destroyForcibly();
  }

  @Test
  void inputPassesInPieces() throws Exception {
    ToolboxSocket socket = begin(Map.of("argv", List.of("tr", "a-z", "A-Z"), "stdin", true));
    for (String piece : List.of("one ", "two")) {
      socket.send(("\0" + piece).getBytes(StandardCharsets.UTF_8));
      assertEquals("{\"taken\":" + piece.length() + "}", socket.text());
    }
    socket.send(new byte[] {0});
    assertEquals("ONE TWO", finish(socket).text());
  }

  @Test
  void withoutInputThereIsNone() throws Exception {
    assertEquals(0, run("cat").exitCode());
  }

  @Test
  void aProgramThatDoesNotReadStillTakesSignals() throws Exception {
    ToolboxSocket socket = begin(Map.of("argv", List.of("sleep", "1000"), "stdin", true));
    byte[] piece = new byte[LiveInput.WINDOW / 2 + 1];
    socket.send(piece);
    socket.send("{\"signal\":15}");
    assertEquals(143, finish(socket).exitCode());
  }

  @Test
  void moreInputThanTheWindowIsRefused() throws Exception {
    ToolboxSocket socket = begin(Map.of("argv", List.of("sleep", "1000"), "stdin", true));
    socket.send(new byte[LiveInput.WINDOW + 2]);
    assertEquals(1008, socket.closed().code());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{}",
        "null",
        "{\"argv\":[]}",
        "{\"argv\":[null]}",
        "{\"argv\":[\"a\\u0000\"]}",
        "{\"argv\":[\"true\"],\"command\":\"true\"}",
        "{\"argv\":[\"true\"],\"timeout\":-1}",
        "{\"argv\":[\"true\"],\"envs\":{\"1\":\"x\"}}"
      })
  void whatCannotBeRunIsRefusedInASentence(String request) throws Exception {
    ToolboxSocket socket = server.socket("/process/execute");
    socket.send(request);
    Event.Closed closed = socket.closed();
    assertEquals(1008, closed.code());
    assertTrue(closed.reason().length() > 20, closed.reason());
  }

  private static long number(Path file) throws Exception {
    return Long.parseLong(Files.readString(file).strip());
  }

  /** The agent reaps it, so its end can only be looked at. */
  private static void awaitEnd(Path pid) throws Exception {
    ProcessHandle.of(number(pid)).ifPresent(left -> left.onExit().join());
  }
}
