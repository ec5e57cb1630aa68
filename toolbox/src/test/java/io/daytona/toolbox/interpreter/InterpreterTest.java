package io.daytona.toolbox.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.interpreter.Interpreter.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Executions over {@code /process/interpreter/execute} (toolbox protocol §5.2 and §5.3). */
@Timeout(120)
@Tag("slow")
class InterpreterTest {
  private static ToolboxServer server;
  private static Interpreter interpreter;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
    interpreter = new Interpreter(server);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  static Stream<Arguments> programs() {
    return Stream.of(
        Arguments.of("print('hello')", "hello\n", ""),
        Arguments.of("import sys\nprint('e', file=sys.stderr)", "", "e\n"),
        Arguments.of("1 + 1", "", ""),
        Arguments.of("print('no newline', end='')", "no newline", ""),
        Arguments.of("print(__name__)", "__main__\n", ""),
        Arguments.of("import os; print(os.environ['FROM_BASE'])", "base\n", ""),
        Arguments.of("import sys; sys.exit(3)", "", ""),
        Arguments.of("print('before'); raise SystemExit", "before\n", ""),
        Arguments.of("import os; os.write(1, b'raw'); print('x')", "x\n", ""),
        Arguments.of("import subprocess; subprocess.run(['echo', 'lost']); print('x')", "x\n", ""),
        Arguments.of("import os; os.system('echo lost >&2'); print('x')", "x\n", ""),
        Arguments.of("import sys; _ = sys.stdout.buffer.write(b'a\\xff\\n')", "a\ufffd\n", ""),
        Arguments.of("print('\\ud800|\\U0001f600|\\x00')", "\ufffd|\ud83d\ude00|\u0000\n", ""),
        Arguments.of("import sys; print(sys.stdin.read() == '')", "True\n", ""),
        Arguments.of("x = '\u00e9\ud83d\ude00'\nprint(x, len(x))", "\u00e9\ud83d\ude00 2\n", ""),
        Arguments.of(
            "import threading\nt = threading.Thread(target=print, args=('t',))\n"
                + "t.start(); t.join()",
            "t\n",
            ""));
  }

  @ParameterizedTest
  @MethodSource("programs")
  void runs(String code, String stdout, String stderr) throws Exception {
    Result result = interpreter.run(code).completed();
    assertEquals(stdout, result.stdout());
    assertEquals(stderr, result.stderr());
    assertFalse(result.hasError());
  }

  @Test
  void stateIsKeptInTheDefaultContext() throws Exception {
    interpreter.run("kept = 41\ndef more(): return kept + 1\nimport math").completed();
    assertEquals("42 3\n", interpreter.run("print(more(), math.floor(3.5))").stdout());
    assertEquals("41\n", interpreter.run("print(kept)", Map.of("contextId", "default")).stdout());
    assertEquals("41\n", interpreter.run("print(kept)", Map.of("contextId", "")).stdout());
  }

  @Test
  void outputIsStreamedWhileTheCodeRuns() throws Exception {
    Path go = server.work().resolve("go");
    String code =
        "import os, time\nprint('first')\nwhile not os.path.exists('go'): time.sleep(0.005)\n"
            + "print('second')";
    try (ToolboxSocket socket = interpreter.begin(code, Map.of())) {
      assertEquals("first\n", Interpreter.frame(socket.text()).get("text").textValue());
      Files.writeString(go, "");
      assertEquals("second\n", Interpreter.end(socket).completed().stdout());
    }
  }

  @Test
  void piecesEndAtNewlinesOrAThousandCharacters() throws Exception {
    String code = "import sys\nfor _ in range(4): _ = sys.stdout.write('x' * 512)\nprint('y')";
    List<String> texts = new ArrayList<>();
    interpreter.run(code).completed().frames().stream()
        .filter(frame -> frame.get("type").textValue().equals("stdout"))
        .forEach(frame -> texts.add(frame.get("text").textValue()));
    assertEquals(List.of("x".repeat(1024), "x".repeat(1024), "y", "\n").size(), texts.size() + 1);
    assertEquals("x".repeat(1024), texts.getFirst());
    assertEquals("y\n", texts.getLast());
  }

  static Stream<Arguments> failures() {
    String header = "Traceback (most recent call last):\n";
    return Stream.of(
        Arguments.of(
            "raise ValueError('boom')",
            "ValueError",
            "boom",
            header + "  File \"<stdin>\", line 1\n    raise ValueError('boom')\nValueError: boom"),
        Arguments.of(
            "def f():\n  return 1 / 0\n\nf()",
            "ZeroDivisionError",
            "division by zero",
            header
                + "  File \"<stdin>\", line 4\n    f()\n"
                + "  File \"<stdin>\", line 2\n    return 1 / 0\n"
                + "ZeroDivisionError: division by zero"),
        Arguments.of(
            "import json\njson.loads('[')",
            "JSONDecodeError",
            "Expecting value: line 1 column 2 (char 1)",
            header
                + "  File \"<stdin>\", line 2\n    json.loads('[')\n"
                + "JSONDecodeError: Expecting value: line 1 column 2 (char 1)"),
        Arguments.of(
            "raise KeyboardInterrupt",
            "KeyboardInterrupt",
            "",
            header + "  File \"<stdin>\", line 1\n    raise KeyboardInterrupt\nKeyboardInterrupt"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void anExceptionIsAnErrorFrame(String code, String name, String value, String traceback)
      throws Exception {
    JsonNode error = interpreter.run(code).completed().error();
    assertEquals(name, error.get("name").textValue());
    assertEquals(value, error.get("value").textValue());
    assertEquals(traceback, error.get("traceback").textValue());
    assertEquals("", error.get("text").textValue());
  }

  @Test
  void theErrorComesAfterTheOutputAndBeforeTheEnd() throws Exception {
    Result result = interpreter.run("print('a', end='')\n1/0").completed();
    assertEquals(
        List.of("stdout", "error", "control"),
        result.frames().stream().map(frame -> frame.get("type").textValue()).toList());
  }

  @Test
  void aFunctionOfAnEarlierExecutionShowsItsOwnSource() throws Exception {
    interpreter.run("def fail():\n  raise OSError('early')").completed();
    String traceback = interpreter.run("\n\n\nfail()").error().get("traceback").textValue();
    assertTrue(traceback.contains("line 4\n    fail()\n"), traceback);
    assertTrue(traceback.contains("line 2\n    raise OSError('early')\n"), traceback);
  }

  @Test
  void aSyntaxErrorIsAnErrorFrame() throws Exception {
    JsonNode error = interpreter.run("this is ( no program").completed().error();
    assertEquals("SyntaxError", error.get("name").textValue());
    assertFalse(error.get("value").textValue().isEmpty());
    assertTrue(error.get("traceback").textValue().contains("SyntaxError: "));
  }

  @Test
  void deepRecursionHasAShortTraceback() throws Exception {
    JsonNode error = interpreter.run("def r(): r()\nr()").completed().error();
    assertEquals("RecursionError", error.get("name").textValue());
    assertTrue(error.get("traceback").textValue().length() < 10_000);
  }

  @Test
  void variablesHoldForOneExecution() throws Exception {
    String code = "import os\nprint(os.environ.get('ONE'), os.environ.get('FROM_BASE'))";
    Map<String, ?> envs = Map.of("envs", Map.of("ONE", "a b=\u00e9", "FROM_BASE", "mine"));
    assertEquals("a b=\u00e9 mine\n", interpreter.run(code, envs).completed().stdout());
    assertEquals("None base\n", interpreter.run(code).completed().stdout());
    interpreter.run("import os\nos.environ['OWN'] = 'stays'", envs).completed();
    assertEquals("stays\n", interpreter.run("print(os.environ['OWN'])").stdout());
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        Arguments.of("no json", 1002, "invalid JSON payload"),
        Arguments.of("null", 1002, "invalid JSON payload"),
        Arguments.of("[]", 1002, "invalid JSON payload"),
        Arguments.of("{\"code\":1}", 1002, "invalid JSON payload"),
        Arguments.of("{\"code\":\"1\",\"timeout\":\"1\"}", 1002, "invalid JSON payload"),
        Arguments.of("{\"code\":\"1\",\"timeout\":1.5}", 1002, "invalid JSON payload"),
        Arguments.of("{}", 1008, "code is required"),
        Arguments.of("{\"code\":\"\"}", 1008, "code is required"),
        Arguments.of(
            "{\"code\":\"1\",\"timeout\":-1}", 1008, "timeout must be greater than or equal to 0"),
        Arguments.of(
            "{\"code\":\"1\",\"contextId\":\"nowhere\"}", 1008, "context not found: nowhere"),
        Arguments.of(
            "{\"code\":\"1\",\"envs\":{\"A B\":\"\"}}",
            1008,
            "bad request: invalid environment variable name: 'A B'"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void aBadMessageIsRefused(String message, int code, String reason) throws Exception {
    Result result = interpreter.send(message);
    assertEquals(List.of(), result.frames());
    result.closed(code, reason);
  }

  @Test
  void aBinaryMessageIsReadLikeText() throws Exception {
    try (ToolboxSocket socket = server.socket(Interpreter.EXECUTE)) {
      socket.send("{\"code\":\"print(7)\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      assertEquals("7\n", Interpreter.end(socket).completed().stdout());
    }
  }

  @Test
  void oneOfferedSubprotocolIsChosen() throws Exception {
    String version = "X-Daytona-SDK-Version~0.205.1";
    try (ToolboxSocket socket = server.socket(Interpreter.EXECUTE, List.of("other", version))) {
      assertEquals(version, socket.subprotocol());
    }
    try (ToolboxSocket socket = server.socket(Interpreter.EXECUTE)) {
      assertEquals("", socket.subprotocol());
    }
  }

  @Test
  void aTimeoutInterruptsAndKeepsTheState() throws Exception {
    interpreter.run("import time\nsurvives = 1").completed();
    long start = System.nanoTime();
    Result result =
        interpreter.run("print('on', flush=True)\ntime.sleep(600)", Map.of("timeout", 1));
    result.closed(4008, "");
    assertEquals("on\n", result.stdout());
    assertFalse(result.hasError(), "an error would look like an end");
    assertTrue(System.nanoTime() - start >= Duration.ofSeconds(1).toNanos());
    assertEquals("1\n", interpreter.run("print(survives)").completed().stdout());
  }

  @Test
  void aTimeoutReachesWhatTheCodeStarted() throws Exception {
    interpreter
        .run("import os\nos.system('sleep 600; echo done > ended')", Map.of("timeout", 1))
        .closed(4008, "");
    assertEquals("up\n", interpreter.run("print('up')").completed().stdout());
  }

  @Test
  void codeThatSwallowsTheInterruptIsKilled() throws Exception {
    String context = interpreter.create();
    interpreter.runIn(context, "lost = 1").completed();
    String code =
        "import time\nwhile True:\n  try:\n    time.sleep(60)\n  except KeyboardInterrupt: pass";
    long start = System.nanoTime();
    interpreter.run(code, Map.of("contextId", context, "timeout", 1)).closed(4008, "");
    assertTrue(System.nanoTime() - start >= Duration.ofSeconds(3).toNanos());
    assertEquals(
        "False\n", interpreter.runIn(context, "print('lost' in globals())").completed().stdout());
  }

  @Test
  void codeThatHoldsTheInterpreterIsKilledFromOutside() throws Exception {
    String context = interpreter.create();
    // A regular expression that backtracks forever never lets another thread run.
    String code = "import re\nre.match('(a+)+$', 'a' * 64 + 'b')";
    interpreter.run(code, Map.of("contextId", context, "timeout", 1)).closed(4008, "");
    assertEquals("new\n", interpreter.runIn(context, "print('new')").completed().stdout());
  }

  @Test
  void zeroIsNoTimeout() throws Exception {
    assertEquals(
        "ok\n",
        interpreter
            .run("import time; time.sleep(0.01); print('ok')", Map.of("timeout", 0))
            .completed()
            .stdout());
  }

  @Test
  void aWorkerThatDiesSaysSoAndIsMadeAnew() throws Exception {
    String context = interpreter.create();
    interpreter.runIn(context, "lost = 1").completed();
    Result died = interpreter.runIn(context, "print('last')\nimport os\nos._exit(3)");
    died.closed(1001, "worker process ended");
    assertEquals("last\n", died.stdout());
    assertFalse(find(context).get("active").booleanValue());
    assertEquals(
        "False\n", interpreter.runIn(context, "print('lost' in globals())").completed().stdout());
    assertTrue(find(context).get("active").booleanValue());
  }

  @Test
  void aWorkerThatDiedWhileIdleIsMadeAnew() throws Exception {
    String context = interpreter.create();
    String code = "import os, threading\nthreading.Timer(0.1, os._exit, (1,)).start()";
    interpreter.runIn(context, code).completed();
    while (find(context).get("active").booleanValue()) {
      Thread.onSpinWait();
    }
    assertEquals("up\n", interpreter.runIn(context, "print('up')").completed().stdout());
  }

  @Test
  void aForkedChildDisturbsNothing() throws Exception {
    String code =
        "import os\npid = os.fork()\nprint('child' if pid == 0 else 'parent')\n"
            + "if pid: _ = os.waitpid(pid, 0)";
    assertEquals("parent\n", interpreter.run(code).completed().stdout());
    assertEquals("on\n", interpreter.run("print('on')").completed().stdout());
  }

  @Test
  void executionsOfAContextTakeTurns() throws Exception {
    interpreter.run("turns = []").completed();
    List<ToolboxSocket> sockets = new ArrayList<>();
    sockets.add(
        interpreter.begin(
            "import os, time\nwhile not os.path.exists('turn'): time.sleep(0.005)\nturns.append(0)",
            Map.of()));
    for (int turn = 1; turn < 6; turn++) {
      sockets.add(interpreter.begin("turns.append(" + turn + ")", Map.of()));
      assertEquals(null, sockets.getLast().next(50), "it is not its turn");
    }
    Files.writeString(server.work().resolve("turn"), "");
    for (ToolboxSocket socket : sockets) {
      Interpreter.end(socket).completed();
    }
    assertEquals("[0, 1, 2, 3, 4, 5]\n", interpreter.run("print(turns)").stdout());
  }

  @Test
  void aClientThatLeavesDoesNotStopTheExecution() throws Exception {
    String code = "import time\nprint('on')\ntime.sleep(0.3)\nleft = 'finished'";
    try (ToolboxSocket socket = interpreter.begin(code, Map.of())) {
      assertEquals("on\n", Interpreter.frame(socket.text()).get("text").textValue());
      socket.vanish();
    }
    assertEquals("finished\n", interpreter.run("print(left)").completed().stdout());
  }

  @Test
  void manyContextsAtOnce() throws Exception {
    List<String> contexts = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      contexts.add(interpreter.create());
    }
    List<ToolboxSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      String code = "import time\nmine = " + i + "\ntime.sleep(0.2)\nprint(mine)";
      sockets.add(interpreter.begin(code, Map.of("contextId", contexts.get(i))));
    }
    for (int i = 0; i < 10; i++) {
      assertEquals(i + "\n", Interpreter.end(sockets.get(i)).completed().stdout());
      assertEquals(i + "\n", interpreter.runIn(contexts.get(i), "print(mine)").stdout());
    }
    for (String context : contexts) {
      assertEquals(200, ContextsTest.delete(server, context).statusCode());
    }
  }

  @ParameterizedTest
  @CsvSource({"print('x' * 20_000_000), 20000001", "for i in range(200_000): print(i), 1288890"})
  void hugeOutputArrivesWhole(String code, int length) throws Exception {
    Result result = interpreter.run(code).completed();
    assertEquals(length, result.stdout().length());
    assertTrue(
        result.frames().stream().allMatch(frame -> frame.get("text").textValue().length() <= 8192));
  }

  @Test
  void aWarmContextAnswersInMilliseconds() throws Exception {
    interpreter.run("pass").completed();
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      assertEquals("1\n", interpreter.run("print(1)").completed().stdout());
      best = Math.min(best, System.nanoTime() - start);
    }
    assertTrue(best < Duration.ofMillis(50).toNanos(), best / 1e6 + " ms");
  }

  private static JsonNode find(String context) throws Exception {
    for (JsonNode one : interpreter.list()) {
      if (one.get("id").textValue().equals(context)) {
        return one;
      }
    }
    throw new AssertionError("no context " + context);
  }
}
