package io.daytona.runner.testing;

import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.sandbox.HostRunner;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.wire.runner.Origin;
import io.daytona.wire.runner.SandboxSpec;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInfo;
import org.opentest4j.AssertionFailedError;

/** Tests against a jailer and agents of their own, one jailer for a class. */
public abstract class JailedTest {
  protected static final Duration LONG = Duration.ofSeconds(60);

  protected static PrivateJailer jailer;
  protected static JailerClient client;
  protected static String layer;
  protected static String environmentLayer;

  @BeforeAll
  static void startJailer(TestInfo test) throws Exception {
    PoolForm form = test.getTestClass().orElseThrow().getAnnotation(PoolForm.class);
    jailer = form == null ? new PrivateJailer() : new PrivateJailer(form.imageBytes());
    client = new JailerClient(jailer.runnerConfig().jailerSocket(), LONG);
    layer = jailer.prepareImage();
    environmentLayer =
        jailer.prepareFile(
            "0000environment",
            "etc/daytona/environment",
            "# what the image asks for\nFROM_IMAGE=image\nBOTH=image\n");
  }

  @AfterAll
  static void endJailer() throws Exception {
    if (client != null) {
      client.close();
    }
    if (jailer != null) {
      jailer.remove();
    }
  }

  /** A runner on the class's jailer, with its layers imported. */
  protected static HostRunner open() {
    HostRunner runner = HostRunner.open(jailer.runnerConfig(), AgentClient::connect);
    runner.importLayer(layer);
    runner.importLayer(environmentLayer);
    return runner;
  }

  protected static SandboxSpec spec() {
    return spec("daytona", Map.of(), List.of());
  }

  protected static SandboxSpec spec(String user, Map<String, String> env, List<String> entrypoint) {
    return new SandboxSpec(
        UUID.randomUUID().toString(),
        new Origin("org-1", "", ""),
        List.of(layer, environmentLayer),
        1,
        1,
        1,
        user,
        env,
        entrypoint,
        "default");
  }

  /** Output of a shell command that has to succeed, without the last newline. */
  protected static String shell(Agent agent, String command) {
    try (AgentProcess process =
        agent.spawn(Spawn.merged(List.of("/bin/sh", "-c", command), Map.of(), ""))) {
      ByteArrayOutputStream output = new ByteArrayOutputStream();
      while (true) {
        switch (process.next(LONG)) {
          case null -> throw new AssertionFailedError("no end of: " + command);
          case Output.Chunk chunk -> output.writeBytes(chunk.bytes());
          case Output.End _ -> {}
          case Output.Exit exit -> {
            String text = output.toString(StandardCharsets.UTF_8).stripTrailing();
            if (exit.status() != 0) {
              throw new AssertionFailedError(
                  command + " ended with " + exit.status() + ": " + text);
            }
            return text;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionFailedError("interrupted", e);
    }
  }
}
