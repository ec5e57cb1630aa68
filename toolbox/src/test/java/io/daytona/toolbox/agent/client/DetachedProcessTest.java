package io.daytona.toolbox.agent.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Processes whose output is kept: many readers, readers that come back, readers that are late. */
@Timeout(60)
class DetachedProcessTest extends AgentTest {
  private static final byte[] LINE = "line\n".getBytes(UTF_8);

  @Test
  void manyFollowAtOnce() throws Exception {
    String script =
        "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; read x; echo $x";
    client.spawn(shell(script).withStdin().detachedAs("talker", "", 0)).close();
    awaitOutput("talker", 2_000);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> followers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        AgentProcess follower = client.attach("talker", i * 100L, true);
        followers.add(
            threads.submit(() -> {
              try (follower) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                assertEquals(0, drain(follower, all));
                return all.toString(UTF_8);
              }
            }));
      }
      client.input("talker", "last\n".getBytes(UTF_8), false);
      String whole = followers.getFirst().get();
      assertTrue(whole.startsWith("line 1\n") && whole.endsWith("line 3000\nlast\n"), whole);
      for (int i = 0; i < 20; i++) {
        assertEquals(whole.substring(i * 100), followers.get(i).get());
      }
    }
  }

  @Test
  void whatIsOfferedGoesInWholeOrNotAtAll() throws Exception {
    AgentProcess cat = client.spawn(shell("cat").withStdin().detachedAs("cat", "", 0));
    assertFalse(client.attach("cat", 0, true).offer(LINE), "a stream without input");
    assertFalse(cat.offer(new byte[Protocol.FIRST_CREDIT + 1]), "more than its credit");
    while (!cat.offer(LINE)) { // its credit may come after its reply
      Thread.onSpinWait();
    }
    assertEquals("line\n", new String(chunk(cat).bytes(), UTF_8));
    cat.endInput();
    assertEquals(0, drain(cat, new ByteArrayOutputStream()));
    assertFalse(cat.offer(LINE), "a stream that has ended");
  }

  @Test
  void aFollowerGoesOnWhereItWasWhenTheConnectionIsMadeAgain() throws Exception {
    Spawn spawn = shell("while read x; do echo got $x; echo error >&2; done").unmerged();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    AgentProcess follower = client.spawn(spawn.withStdin().detachedAs("echo", "a label", 0));
    assertEquals(0, follower.offset());
    for (int i = 0; i < 5; i++) {
      client.input("echo", LINE, false);
      while (all.size() < 15 * (i + 1)) {
        all.writeBytes(chunk(follower).bytes());
      }
      assertEquals(all.size(), follower.offset());
      client.close();
      assertLost(follower);
      client = agent.connect();
      follower = client.attach("echo", follower.offset(), true);
      assertEquals(all.size(), follower.offset());
      assertEquals(0, follower.lostBytes());
    }
    client.input("echo", LINE, true);
    assertEquals(0, drain(follower, all));
    assertEquals(6 * 15, follower.offset());
    assertEquals(List.of(6, 6), List.of(count(all, "got line\n"), count(all, "error\n")));
  }

  @Test
  void aFollowerThatIsOverrunComesBackAndLearnsWhatItLost() throws Exception {
    String flood = "read x; yes 0123456789abcde | head -c 8000000; echo end";
    AgentProcess slow = client.spawn(shell(flood).withStdin().detachedAs("flood", "", 65_536));
    client.input("flood", LINE, false);
    awaitEnd("flood");
    AgentException overrun =
        assertThrows(
            AgentException.class,
            () -> {
              while (slow.next(LONG) != null) {
                assertTrue(slow.offset() > 0);
              }
            });
    assertEquals(AgentException.OVERRUN, overrun.code());
    long seen = slow.offset();
    slow.close();
    try (AgentProcess again = client.attach("flood", seen, true)) {
      assertTrue(again.lostBytes() > 0);
      assertEquals(seen + again.lostBytes(), again.firstOffset());
      assertEquals(again.firstOffset(), again.offset());
      ByteArrayOutputStream rest = new ByteArrayOutputStream();
      assertEquals(0, drain(again, rest));
      assertTrue(rest.toString(UTF_8).endsWith("0123456789abcde\nend\n"));
      assertEquals(8_000_004, again.offset());
    }
  }

  @Test
  void withoutFollowingOneSeesWhatIsHeld() throws Exception {
    client.spawn(shell("echo held; sleep 1000").detachedAs("half", "", 0)).close();
    awaitOutput("half", 5);
    try (AgentProcess held = client.attach("half", 0, false)) {
      assertEquals("held\n", new String(chunk(held).bytes(), UTF_8));
      assertEquals(new Output.End(1), held.next(LONG));
    }
    client.signal("half", 9, true);
    awaitEnd("half");
  }

  @Test
  void inputCanBeRepeatedInTheOutput() throws Exception {
    assertTrue(client.features().contains(Agent.Feature.INPUT_ECHO));
    Spawn cat = shell("cat >&2").unmerged().withStdin().detachedAs("cat", "", 0);
    try (AgentProcess process = client.spawn(cat)) {
      client.input("cat", LINE, false, true);
      assertEquals(1, chunk(process).channel());
      assertEquals(2, chunk(process).channel());
      client.input("cat", LINE, true, false);
      assertEquals(2, chunk(process).channel());
      assertEquals(15, process.offset());
    }
    try (AgentProcess attached = client.spawn(shell("cat").withStdin())) {
      String id = attached.process();
      AgentException refusal =
          assertThrows(AgentException.class, () -> client.input(id, LINE, false, true));
      assertEquals("usage", refusal.code());
    }
  }

  @Test
  void programsMayOpenTheirOwnPipes() throws Exception {
    assertTrue(client.features().contains(Agent.Feature.PIPE_OWNER));
    client.identity("", Map.of(), "nobody", "/");
    assertEquals("out\n", run("echo out > /dev/stdout").stdout());
    assertEquals("err\n", run("echo err > /dev/stderr").stderr());
  }

  @Test
  void allProcessesAreListedHoweverMany() {
    String label = "x".repeat(4_096);
    for (int i = 0; i < 100; i++) {
      client.spawn(shell("true").detachedAs("process-" + i, label, 0)).close();
    }
    List<Agent.ProcessInfo> all = client.processes();
    assertEquals(100, all.size());
    for (int i = 0; i < 100; i++) {
      assertEquals("process-" + (99 - i), all.get(i).process());
      assertEquals(label, all.get(i).label());
    }
  }

  @Test
  void idsThatTheAgentMayNotRepeatAreRefused() {
    String longest = "i".repeat(128);
    client.spawn(shell("true").detachedAs(longest, "", 0)).close();
    awaitEnd(longest);
    for (String id : List.of("two words", "i".repeat(129), "\u00e9", "a\nb")) {
      Spawn spawn = shell("true").detachedAs(id, "", 0);
      AgentException refusal =
          assertThrows(AgentException.class, () -> client.spawn(spawn).close());
      assertEquals(Errno.EINVAL, refusal.errno());
    }
    assertTrue(client.isOpen());
  }

  private static Output.Chunk chunk(AgentProcess process) throws InterruptedException {
    if (process.next(LONG) instanceof Output.Chunk chunk) {
      return chunk;
    }
    throw new AssertionError("no output came");
  }

  private static void assertLost(AgentProcess process) {
    assertEquals(
        AgentException.LOST, assertThrows(AgentException.class, () -> process.next(LONG)).code());
  }

  private void awaitOutput(String process, long bytes) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (client.processes().stream()
        .noneMatch(p -> p.process().equals(process) && p.offset() >= bytes)) {
      assertTrue(System.nanoTime() < deadline, process + " wrote nothing");
    }
  }

  private static int count(ByteArrayOutputStream all, String text) {
    return all.toString(UTF_8).split(text, -1).length - 1;
  }
}
