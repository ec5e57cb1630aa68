package io.daytona.bench.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Programs of the host that are run to their end. */
public final class Commands {
  private Commands() {}

  /** Runs a program and returns what it printed; an error with that when it fails. */
  public static String run(List<String> command) {
    return run(command, Path.of("/"), Map.of(), 300);
  }

  /**
   * Runs a program.
   *
   * @param directory where
   * @param environment added to this process's own
   * @param seconds how long at most
   * @return its standard output
   * @throws IllegalStateException with its standard error, when it fails or takes longer
   */
  public static String run(
      List<String> command, Path directory, Map<String, String> environment, long seconds) {
    try {
      Path errors = Files.createTempFile("daytona-bench", ".err");
      try {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().putAll(environment);
        Process process =
            builder
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectError(errors.toFile())
                .start();
        // A program that never ends is killed, and the reading below ends with it.
        process
            .onExit()
            .orTimeout(seconds, TimeUnit.SECONDS)
            .exceptionally(late -> {
              process.destroyForcibly();
              return process;
            });
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
          throw new IllegalStateException(
              command + " failed: " + Files.readString(errors).strip() + " " + output.strip());
        }
        return output;
      } finally {
        Files.deleteIfExists(errors);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
