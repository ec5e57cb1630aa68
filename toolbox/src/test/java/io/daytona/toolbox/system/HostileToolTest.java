package io.daytona.toolbox.system;

import static io.daytona.toolbox.Replies.assertError;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sandbox that stops the platform's tool, or writes into its output. */
@Tag("slow")
class HostileToolTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "while :; do printf '1\\0'; sleep 0.2; done",
        "while :; do printf '%0900000d\\0' 1; done",
        "while :; do printf '\\0\\0\\0\\0\\0\\0\\0\\0'; done",
        "kill -STOP $$"
      })
  @Timeout(60)
  void itEndsAndTakesLittleMemory(String script) throws Exception {
    Path tool = directory.resolve("tool");
    Files.writeString(tool, "#!/bin/sh\n" + script + "\n");
    if (!tool.toFile().setExecutable(true)) {
      throw new AssertionError(tool);
    }
    try (ToolboxServer server = ToolboxServer.start(RealAgent.startWithTool(tool))) {
      assertError(server.get("/port"), 502, "BAD_GATEWAY", "The platform's tool ");
    }
  }
}
