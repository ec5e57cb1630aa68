package io.daytona.toolbox.agent.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Spawn;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Starts the real agent for each test and connects to it. */
abstract class AgentTest {
  static final Duration LONG = Duration.ofSeconds(30);
  static final Duration SHORT = Duration.ofMillis(300);

  RealAgent agent;
  AgentClient client;

  @BeforeEach
  void start() throws Exception {
    agent = RealAgent.start();
    client = agent.connect();
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    agent.close();
  }

  record Result(String stdout, String stderr, int status) {}

  final Result run(String script) throws InterruptedException {
    Spawn apart = shell(script).unmerged();
    try (AgentProcess process = client.spawn(apart)) {
      ByteArrayOutputStream stdout = new ByteArrayOutputStream();
      ByteArrayOutputStream stderr = new ByteArrayOutputStream();
      while (true) {
        switch (process.next(LONG)) {
          case null -> throw new AssertionError("nothing came");
          case Output.Chunk chunk ->
              (chunk.channel() == 1 ? stdout : stderr).writeBytes(chunk.bytes());
          case Output.End _ -> {}
          case Output.Exit exit -> {
            return new Result(stdout.toString(UTF_8), stderr.toString(UTF_8), exit.status());
          }
        }
      }
    }
  }

  static int drain(AgentProcess process, ByteArrayOutputStream into) throws InterruptedException {
    while (true) {
      switch (process.next(LONG)) {
        case null -> throw new AssertionError("nothing came");
        case Output.Chunk chunk -> into.writeBytes(chunk.bytes());
        case Output.End _ -> {}
        case Output.Exit exit -> {
          return exit.status();
        }
      }
    }
  }

  static void drainUntil(AgentProcess process, ByteArrayOutputStream into, String text)
      throws InterruptedException {
    while (!into.toString(UTF_8).contains(text)) {
      Output output = process.next(LONG);
      assertNotNull(output);
      if (output instanceof Output.Chunk chunk) {
        into.writeBytes(chunk.bytes());
      }
    }
  }

  final void awaitEnd(String process) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (client.processes().stream().anyMatch(p -> p.process().equals(process) && p.running())) {
      assertTrue(System.nanoTime() < deadline, process + " did not end");
    }
  }

  static Spawn shell(String script) {
    return shell(script, Map.of());
  }

  static Spawn shell(String script, Map<String, String> env) {
    return Spawn.merged(List.of("/bin/sh", "-c", script), env, "");
  }

  static byte[] randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(42).nextBytes(bytes);
    return bytes;
  }
}
