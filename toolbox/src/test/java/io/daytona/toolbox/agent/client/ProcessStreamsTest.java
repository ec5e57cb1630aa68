package io.daytona.toolbox.agent.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Spawn;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Processes over the client. */
@Timeout(60)
class ProcessStreamsTest extends AgentTest {
  @Test
  void identityGoesIntoEveryProcess() throws Exception {
    String work = agent.work().toString();
    var identity = client.identity("", Map.of("GREETING", "hello"), "root", work);
    assertEquals("/root", identity.home());
    assertEquals(agent.work().toRealPath().toString(), identity.cwd());
    assertEquals("root", identity.user());
    assertEquals(
        identity.cwd() + " hello /root\n", run("echo \"$(pwd) $GREETING $HOME\"").stdout());
  }

  @Test
  void outputKeepsItsChannelAndStatus() throws Exception {
    Result result = run("echo out; echo err >&2; exit 42");
    assertEquals(new Result("out\n", "err\n", 42), result);
  }

  @Test
  void aSignalIsANegativeStatus() throws Exception {
    assertEquals(-15, run("kill -TERM $$").status());
  }

  @Test
  void inputReachesTheProgram() throws Exception {
    try (AgentProcess cat = client.spawn(shell("cat").withStdin())) {
      byte[] bytes = randomBytes(1 << 20);
      Thread writer =
          Thread.startVirtualThread(() -> {
            cat.write(bytes, 0, bytes.length);
            cat.endInput();
          });
      ByteArrayOutputStream echoed = new ByteArrayOutputStream();
      assertEquals(0, drain(cat, echoed));
      writer.join();
      assertArrayEquals(bytes, echoed.toByteArray());
    }
  }

  @Test
  void singleByteWritesArriveInOrder() throws Exception {
    String program = "import os\nfor i in range(100000): os.write(1, b'%d' % (i % 10))\n";
    Spawn python =
        Spawn.merged(List.of("python3", "-c", program), Map.of(), agent.work().toString());
    try (AgentProcess process = client.spawn(python)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      assertEquals(0, drain(process, all));
      assertEquals("0123456789".repeat(10_000), all.toString(UTF_8));
    }
  }

  @Test
  void theProgramsEndIsSeenWhileAChildHoldsTheOutput() throws Exception {
    long start = System.nanoTime();
    Result result = run("sleep 30 & echo done");
    assertEquals("done\n", result.stdout());
    assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos());
  }

  @Test
  void closingKillsWhatWasToBeKilled() throws Exception {
    AgentProcess process = client.spawn(shell("sleep 1000"));
    long pid = process.pid();
    process.close();
    ProcessHandle.of(pid).ifPresent(handle -> handle.onExit().join());
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
  }

  @Test
  void aDetachedProcessOutlivesItsConnection() throws Exception {
    Spawn detached =
        Spawn.merged(
                List.of("/bin/sh", "-c", "echo one; read line; echo \"two $line\"; exit 3"),
                Map.of(),
                agent.work().toString())
            .unmerged()
            .withStdin()
            .detachedAs("", "a label", 0);
    String id;
    try (AgentProcess process = client.spawn(detached)) {
      id = process.process();
      assertTrue(process.next(LONG) instanceof Output.Chunk chunk && chunk.bytes().length == 4);
    }
    client.close();
    client = agent.connect();
    var known = client.processes().getFirst();
    assertEquals(id, known.process());
    assertEquals("a label", known.label());
    assertTrue(known.running());
    assertEquals(4, known.offset());
    client.input(id, "more\n".getBytes(UTF_8), true);
    try (AgentProcess again = client.attach(id, 0, true)) {
      assertEquals(0, again.firstOffset());
      assertEquals(0, again.lostBytes());
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      assertEquals(3, drain(again, all));
      assertEquals("one\ntwo more\n", all.toString(UTF_8));
    }
    try (AgentProcess middle = client.attach(id, 4, true)) {
      ByteArrayOutputStream rest = new ByteArrayOutputStream();
      assertEquals(3, drain(middle, rest));
      assertEquals("two more\n", rest.toString(UTF_8));
    }
    client.forget(id);
    assertEquals(List.of(), client.processes());
    assertThrows(AgentException.class, () -> client.attach(id, 0, true));
  }

  @Test
  void aRingThatOverflowedSaysWhatIsLost() throws Exception {
    Spawn detached =
        Spawn.merged(List.of("/bin/sh", "-c", "seq 1 100000"), Map.of(), "")
            .detachedAs("counter", "", 65_536);
    try (AgentProcess process = client.spawn(detached)) {
      assertEquals("counter", process.process());
    }
    awaitEnd("counter");
    long written = client.processes().getFirst().offset();
    try (AgentProcess late = client.attach("counter", 0, true)) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      assertEquals(0, drain(late, kept));
      assertTrue(late.lostBytes() > 0);
      assertEquals(late.firstOffset(), late.lostBytes());
      assertEquals(written - late.firstOffset(), kept.size());
      assertTrue(kept.toString(UTF_8).endsWith("\n100000\n"));
    }
  }

  @Test
  void aTerminalEchoesAndResizes() throws Exception {
    Spawn terminal =
        Spawn.merged(
                List.of("/bin/sh", "-c", "read x; stty size; read x; stty size"),
                Map.of("TERM", "xterm"),
                "")
            .unmerged()
            .onTerminal(new Spawn.Terminal(80, 24));
    try (AgentProcess process = client.spawn(terminal)) {
      process.write("\n".getBytes(UTF_8), 0, 1);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      drainUntil(process, all, "24 80");
      client.resize(process.process(), 100, 30);
      process.write("\n".getBytes(UTF_8), 0, 1);
      assertEquals(0, drain(process, all));
      assertTrue(all.toString(UTF_8).contains("30 100"), all.toString(UTF_8));
    }
  }

  @Test
  void nextSaysWhenNothingCameInTime() throws Exception {
    try (AgentProcess process = client.spawn(shell("sleep 1000"))) {
      assertNull(process.next(Duration.ofMillis(50)));
    }
  }
}
