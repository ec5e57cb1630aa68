package io.daytona.toolbox.interpreter;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The program of a worker, which needs no file in the sandbox. */
final class WorkerProgram {
  private static final String SOURCE = read("worker.py");

  /** Names that Python 3 goes by, the best first. */
  static final List<String> INTERPRETERS = List.of("python3", "python");

  private WorkerProgram() {}

  /** Program and arguments. */
  static List<String> argv(String interpreter) {
    return List.of(interpreter, "-c", SOURCE);
  }

  private static String read(String name) {
    try (InputStream in = WorkerProgram.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the program");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
