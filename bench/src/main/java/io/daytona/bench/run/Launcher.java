package io.daytona.bench.run;

import io.daytona.bench.system.Commands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The command {@code ./daytona} of the platform that is measured.
 *
 * @param command its path
 * @param data data directory of the platform
 * @param restarted called after each restart: connections of before are worth nothing
 */
public record Launcher(Path command, Path data, Runnable restarted) {

  /** Restarts everything but the sandboxes, perhaps with server options {@code KEY=VALUE}. */
  public void restart(String... serverOptions) {
    List<String> line =
        new ArrayList<>(List.of(command.toString(), "restart", "--data-dir", data.toString()));
    Arrays.stream(serverOptions).forEach(option -> line.add("--server-option=" + option));
    Commands.run(line);
    restarted.run();
  }

  /** Restarts with other server options for as long as something takes, and then as before. */
  public void with(Runnable something, String... serverOptions) {
    Path remembered = data.resolve("server.conf");
    try {
      byte[] before = Files.readAllBytes(remembered);
      try {
        restart(serverOptions);
        something.run();
      } finally {
        Files.write(remembered, before);
        restart();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
