package io.daytona.toolbox.git;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Runs programs of this host for tests. */
final class Commands {
  private Commands() {}

  /** Runs a program that must succeed and answers its output, both channels. */
  static String run(Path directory, String... command) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
    builder.environment().put("GIT_AUTHOR_NAME", "T");
    builder.environment().put("GIT_AUTHOR_EMAIL", "t@example.com");
    builder.environment().put("GIT_COMMITTER_NAME", "T");
    builder.environment().put("GIT_COMMITTER_EMAIL", "t@example.com");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(List.of(command) + " failed: " + output);
    }
    return output;
  }
}
