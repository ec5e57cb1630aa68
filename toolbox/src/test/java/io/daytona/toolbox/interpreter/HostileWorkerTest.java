package io.daytona.toolbox.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.toolbox.interpreter.Interpreter.Result;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers that their sandbox has stopped, or that it speaks for. */
@Timeout(60)
@Tag("slow")
class HostileWorkerTest extends InInterpreter {
  /** Gives code the worker's own link to the platform, and nothing that would end it in time. */
  private static final String TAKEN_OVER =
      """
      import json, os, sys, time
      frame = sys._getframe()
      while frame.f_back:
          frame = frame.f_back
      own = frame.f_globals
      own['signal_group'] = lambda number: None
      def say(**frame):
          os.write(own['link']._descriptor, (json.dumps(frame) + '\\n').encode())
      """;

  @Test
  void aStoppedWorkerDoesNotStopTheClock() throws Exception {
    stopWorker();
    interpreter.run("print('never')", Map.of("timeout", 1)).closed(Context.TIMEOUT, "");
    assertEquals("up\n", interpreter.run("print('up')").completed().stdout());
  }

  @Test
  void aStoppedWorkerIsNotWrittenToForEver() throws Exception {
    stopWorker();
    String code = "#" + "x".repeat(900_000) + "\nprint('made anew')";
    assertEquals("made anew\n", interpreter.run(code).completed().stdout());
  }

  @Test
  void theTimeBeginsOnlyOnce() throws Exception {
    String code =
        TAKEN_OVER
            + "while True:\n"
            + "    say(type='start', id=own['current'].id)\n"
            + "    time.sleep(0.1)\n";
    Result result = interpreter.run(code, Map.of("timeout", 1));
    result.closed(Context.TIMEOUT, "");
    assertEquals("up\n", interpreter.run("print('up')").completed().stdout());
  }

  @Test
  void aWorkerThatTalksUnaskedIsNoObstacle() throws Exception {
    String code =
        TAKEN_OVER
            + "import threading\n"
            + "go = threading.Event()\n"
            + "def talk():\n"
            + "    go.wait()\n"
            + "    line = (json.dumps({'type': 'stdout', 'id': 'x', 'text': 'y'}) + '\\n').encode()\n"
            + "    while True:\n"
            + "        os.write(own['link']._descriptor, line * 50)\n"
            + "threading.Thread(target=talk, daemon=True).start()\n";
    interpreter.run(code).completed();
    // It may be noticed in this run already, which then ends with it.
    interpreter.run("go.set()", Map.of("timeout", 5));
    assertEquals("up\n", interpreter.run("print('up')", Map.of("timeout", 5)).completed().stdout());
  }

  private void stopWorker() throws Exception {
    long pid =
        Long.parseLong(
            interpreter.run("import os\nprint(os.getpid())").completed().stdout().strip());
    assertEquals(0, new ProcessBuilder("kill", "-STOP", "" + pid).start().waitFor());
  }
}
