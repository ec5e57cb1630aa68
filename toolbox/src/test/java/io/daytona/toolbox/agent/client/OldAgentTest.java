package io.daytona.toolbox.agent.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Input and stamps of a spawn, with an agent that takes them in the request and one that cannot.
 */
@Timeout(120)
class OldAgentTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path directory;
  private RealAgent agent;

  @BeforeEach
  void start() throws Exception {
    agent = RealAgent.start();
  }

  @AfterEach
  void stop() throws Exception {
    agent.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void inputReachesTheProgram(boolean old) throws Exception {
    try (Agent client = connect(old)) {
      for (int size : List.of(0, 5, 100_000, 200_000, 1_000_000)) {
        String input = "\u00e9".repeat(size);
        assertEquals(input, output(client, program("cat").withInput(input)));
        assertEquals("", output(client, program("true").withInput(input)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingStartsWhenTheFileHasChanged(boolean old) throws Exception {
    Path list = directory.resolve("list");
    String path = list.toString();
    Spawn spawn = program("touch", directory.resolve("mark").toString());
    try (Agent client = connect(old)) {
      Spawn.Stamp absent = Spawn.Stamp.absent(path);
      assertEquals("", output(client, program("true").provided(absent)));
      Files.writeString(list, "one");
      Spawn.Stamp one = Spawn.Stamp.of(path, client.stat(path, true));
      assertEquals("", output(client, program("true").provided(one)));
      assertStale(client, spawn.provided(absent));
      Files.writeString(list, "three");
      assertStale(client, spawn.provided(one));
      Files.delete(list);
      assertStale(client, spawn.provided(one));
      assertEquals(false, Files.exists(directory.resolve("mark")));
    }
  }

  @Test
  void whatAnOldAgentCannotDoIsRefused() throws Exception {
    try (Agent client = connect(true)) {
      assertEquals(Set.of(), client.features());
      client.spawn(program("cat").withStdin().detachedAs("cat", "", 0)).close();
      AgentException refusal =
          assertThrows(AgentException.class, () -> client.input("cat", new byte[1], true, true));
      assertEquals(Errno.ENOSYS, refusal.errno());
      client.input("cat", new byte[1], true, false);
    }
  }

  private Agent connect(boolean old) throws Exception {
    return old ? OlderAgent.connect(agent, directory.resolve("old.sock")) : agent.connect();
  }

  private static void assertStale(Agent client, Spawn spawn) {
    AgentException failure = assertThrows(AgentException.class, () -> client.spawn(spawn).close());
    assertEquals(Errno.ESTALE, failure.errno(), failure.getMessage());
  }

  private static Spawn program(String... argv) {
    return Spawn.merged(List.of(argv), Map.of(), "/");
  }

  private static String output(Agent client, Spawn spawn) throws InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (AgentProcess process = client.spawn(spawn)) {
      for (Output next = process.next(LONG); next != null; next = process.next(LONG)) {
        if (next instanceof Output.Chunk chunk) {
          all.writeBytes(chunk.bytes());
        } else if (next instanceof Output.Exit exit) {
          assertEquals(0, exit.status());
          return all.toString(java.nio.charset.StandardCharsets.UTF_8);
        }
      }
    }
    throw new AssertionError("the program did not end");
  }
}
