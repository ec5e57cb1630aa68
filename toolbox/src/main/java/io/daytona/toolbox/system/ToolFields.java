package io.daytona.toolbox.system;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs {@code fsutil} (docs/protocols/fsutil.md) in a sandbox for a short answer. */
final class ToolFields {
  private static final String PROGRAM = "/.daytona/bin/fsutil";
  private static final int MAX_BYTES = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private ToolFields() {}

  /**
   * All fields that it prints.
   *
   * @throws DaytonaException 503 in a sandbox without the program, 502 when it fails
   */
  static List<String> of(Agent agent, String... arguments) throws InterruptedException {
    List<String> argv = new ArrayList<>(List.of(arguments));
    argv.addFirst(PROGRAM);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (AgentProcess process = agent.spawn(Spawn.merged(argv, Map.of(), "/").unmerged())) {
      while (text.size() <= MAX_BYTES) {
        Output output = process.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        switch (output) {
          case null -> throw failed("it takes longer than " + PATIENCE.toSeconds() + " s");
          case Output.Chunk chunk -> {
            if (chunk.channel() == 1) {
              text.writeBytes(chunk.bytes());
            }
          }
          case Output.End _ -> {}
          case Output.Exit exit -> {
            if (exit.status() != 0) {
              throw failed("it ended with " + exit.status());
            }
            return List.of(text.toString(StandardCharsets.UTF_8).split("\0"));
          }
        }
      }
      throw failed("it prints too much");
    } catch (AgentException e) {
      if (e.errno() == Errno.ENOENT) {
        throw DaytonaException.of(
            ErrorKind.UNAVAILABLE,
            "The sandbox was started without the platform's tools; stop and start it to get them.",
            e);
      }
      throw e;
    }
  }

  private static DaytonaException failed(String how) {
    return DaytonaException.of(ErrorKind.BAD_GATEWAY, "The platform's tool failed: " + how);
  }
}
