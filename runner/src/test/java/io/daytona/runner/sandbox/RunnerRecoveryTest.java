package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.testing.JailedTest;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.SandboxSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The jailer or the server is killed; sandboxes and requests live on. */
@Tag("slow")
class RunnerRecoveryTest extends JailedTest {

  @AfterEach
  void leaveNothing() throws Exception {
    try (HostRunner runner = open()) {
      runner.retainOnly(Set.of());
      assertTrue(runner.awaitIdle(LONG), () -> jailer.log());
    }
    Inventory inventory = client.list();
    assertEquals(List.of(), inventory.sandboxes());
    assertEquals(4, inventory.slots().size());
    assertTrue(
        inventory.disks().stream().allMatch(disk -> disk.id().startsWith("shelf-")),
        inventory.toString());
  }

  private static void count(Agent agent) {
    Spawn counting =
        Spawn.merged(
                List.of(
                    "sh", "-c", "n=0; while :; do n=$((n+1)); echo $n > n.new; mv n.new n; done"),
                Map.of(),
                "")
            .unmerged()
            .detachedAs("counter", "counter", 0);
    try (AgentProcess process = agent.spawn(counting)) {
      assertEquals("counter", process.process());
    }
  }

  private static long counted(Agent agent) {
    return Long.parseLong(shell(agent, "while [ ! -e n ]; do :; done; cat n"));
  }

  private static void assertCounting(Agent agent) {
    long before = counted(agent);
    shell(agent, "while [ $(cat n) -le " + before + " ]; do :; done");
    assertTrue(
        agent.processes().stream().anyMatch(p -> p.label().equals("counter") && p.running()));
  }

  @Test
  void findsAndReconnectsWhatRanWhenTheServerEnded() throws Exception {
    List<SandboxSpec> specs = new ArrayList<>();
    Map<String, String> boots = new HashMap<>();
    try (HostRunner first = open()) {
      for (int i = 0; i < 5; i++) {
        SandboxSpec spec = spec("daytona", Map.of("WORD", "w" + i), List.of());
        specs.add(spec);
        first.start(spec);
        Agent agent = first.find(spec.id()).agent();
        count(agent);
        boots.put(spec.id(), agent.boot());
      }
      first.stop(specs.get(4).id(), true);
      assertTrue(first.awaitIdle(LONG));
    }
    try (HostRunner second = open()) {
      for (int i = 0; i < 4; i++) {
        SandboxSpec spec = specs.get(i);
        var running = second.find(spec.id());
        assertEquals("daytona", running.user());
        assertEquals("/home/daytona", running.workdir());
        assertEquals(boots.get(spec.id()), running.agent().boot());
        assertEquals("w" + i, shell(running.agent(), "echo $WORD"));
        assertCounting(running.agent());
      }
      assertThrows(DaytonaException.class, () -> second.find(specs.get(4).id()));
      assertEquals(5, second.known().size());
      SandboxSpec more = spec();
      second.start(more);
      second.start(specs.get(4));
      assertEquals(
          6, client.list().sandboxes().stream().map(Inventory.Running::slot).distinct().count());
    }
  }

  @Test
  void takesOverReadySlotsAndDisksOfAnEarlierServer() throws Exception {
    List<Integer> slots;
    List<Inventory.Disk> disks;
    try (HostRunner first = open()) {
      assertTrue(first.awaitIdle(LONG));
      slots = client.list().slots();
      disks = client.list().disks();
    }
    try (HostRunner second = open()) {
      assertTrue(second.awaitIdle(LONG));
      assertEquals(slots, client.list().slots());
      assertEquals(Set.copyOf(disks), Set.copyOf(client.list().disks()));
    }
  }

  @Test
  void destroysASlotWhoseSandboxEndedWhileNoServerRan() throws Exception {
    SandboxSpec spec = spec();
    int slot;
    try (HostRunner first = open()) {
      first.start(spec);
      slot = client.list().sandbox(spec.id()).orElseThrow().slot();
    }
    client.kill(spec.id());
    assertTrue(client.list().slots().contains(slot));
    try (HostRunner second = open()) {
      assertTrue(second.awaitIdle(LONG));
      assertFalse(client.list().slots().contains(slot), "its root may have changed its network");
      second.start(spec);
      assertEquals("up", shell(second.find(spec.id()).agent(), "echo up"));
    }
  }

  @Test
  void completesAStartThatTheEndOfTheServerCutShort() throws Exception {
    SandboxSpec spec = spec();
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    AgentConnector cut =
        (socket, timeout) -> {
          reached.countDown();
          await(ended);
          throw new AgentException(0, AgentException.LOST, "the server is gone");
        };
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> start;
      try (HostRunner first = HostRunner.open(jailer.runnerConfig(), cut)) {
        first.importLayer(layer);
        first.importLayer(environmentLayer);
        start = executor.submit(() -> first.start(spec));
        await(reached);
      }
      ended.countDown();
      assertThrows(ExecutionException.class, () -> start.get(60, TimeUnit.SECONDS));
    }
    assertTrue(client.list().sandbox(spec.id()).isPresent());
    try (HostRunner second = open()) {
      DaytonaException e = assertThrows(DaytonaException.class, () -> second.find(spec.id()));
      assertEquals(503, e.kind().status());
      second.start(spec);
      assertEquals(
          spec.id() + " daytona",
          shell(second.find(spec.id()).agent(), "echo $(hostname) $(id -un)"));
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Test
  void cancelsAStartThatIsDestroyed() throws Exception {
    SandboxSpec spec = spec();
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch killed = new CountDownLatch(1);
    AgentConnector slow =
        (socket, timeout) -> {
          reached.countDown();
          await(killed);
          return AgentClient.connect(socket, timeout);
        };
    try (HostRunner runner = HostRunner.open(jailer.runnerConfig(), slow);
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      runner.importLayer(layer);
      runner.importLayer(environmentLayer);
      Future<?> start = executor.submit(() -> runner.start(spec));
      await(reached);
      Future<?> destroy = executor.submit(() -> runner.destroy(spec.id()));
      while (client.list().sandbox(spec.id()).isPresent()) {
        assertFalse(start.isDone());
      }
      killed.countDown();
      destroy.get(60, TimeUnit.SECONDS);
      ExecutionException e =
          assertThrows(ExecutionException.class, () -> start.get(60, TimeUnit.SECONDS));
      DaytonaException refusal = assertInstanceOf(DaytonaException.class, e.getCause());
      assertEquals(409, refusal.kind().status());
      assertTrue(runner.awaitIdle(LONG));
      assertEquals(Set.of(), runner.known());
    }
  }

  @Test
  void carriesEveryOperationOutAlthoughTheJailerIsKilled() throws Exception {
    try (HostRunner runner = open();
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      SandboxSpec bystander = spec();
      runner.start(bystander);
      count(runner.find(bystander.id()).agent());
      List<Future<Integer>> lives = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        lives.add(executor.submit(life(runner)));
      }
      for (int i = 0; i < 6; i++) {
        // The next kill comes when the last one has been survived, in the middle of other work.
        client.hello();
        jailer.kill();
        jailer.start();
      }
      for (Future<Integer> life : lives) {
        assertEquals(6, life.get(120, TimeUnit.SECONDS), () -> jailer.log());
      }
      assertCounting(runner.find(bystander.id()).agent());
      assertEquals(Set.of(bystander.id()), runner.running());
    }
  }

  private static Callable<Integer> life(HostRunner runner) {
    return () -> {
      int rounds = 0;
      for (; rounds < 6; rounds++) {
        SandboxSpec spec = spec();
        runner.start(spec);
        assertEquals("1", shell(runner.find(spec.id()).agent(), "echo 1 > f; cat f"));
        runner.stop(spec.id(), rounds % 2 == 0);
        runner.start(spec);
        assertEquals("1", shell(runner.find(spec.id()).agent(), "cat f"));
        runner.destroy(spec.id());
      }
      return rounds;
    };
  }

  @Test
  void noticesAnEndThatTheJailerDidNotLiveToTell() throws Exception {
    BlockingQueue<String> exits = new LinkedBlockingQueue<>();
    try (HostRunner runner = open()) {
      runner.onExit((id, cause) -> exits.add(id));
      SandboxSpec ended = spec();
      SandboxSpec other = spec();
      runner.start(ended);
      runner.start(other);
      long pid = client.list().sandbox(ended.id()).orElseThrow().pid();
      jailer.kill();
      jailer.root("kill", "-9", Long.toString(pid));
      jailer.start();
      assertEquals(ended.id(), exits.poll(60, TimeUnit.SECONDS), () -> jailer.log());
      assertEquals("up", shell(runner.find(other.id()).agent(), "echo up"));
      assertEquals(0, exits.size());
    }
  }
}
