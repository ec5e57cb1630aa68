package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.testing.JailedTest;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.session.Entrypoint;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.Origin;
import io.daytona.wire.runner.Placement;
import io.daytona.wire.runner.RunnerStatus;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.runner.StartedSandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class HostRunnerTest extends JailedTest {
  private HostRunner runner;

  @BeforeEach
  void openRunner() throws Exception {
    runner = open();
    assertTrue(runner.awaitIdle(LONG), () -> jailer.log());
  }

  @AfterEach
  void leaveNothing() throws Exception {
    runner.retainOnly(Set.of());
    assertTrue(runner.awaitIdle(LONG), () -> jailer.log());
    assertEquals(Set.of(), runner.known());
    Inventory inventory = client.list();
    // The slot of one that ended by itself is given back after its end was told.
    for (long end = System.nanoTime() + LONG.toNanos();
        inventory.slots().size() > 4 && System.nanoTime() < end; ) {
      Thread.onSpinWait();
      inventory = client.list();
    }
    assertEquals(4, inventory.slots().size(), "only slots made ahead");
    assertTrue(
        inventory.disks().stream().allMatch(disk -> disk.id().startsWith("shelf-")),
        inventory.toString());
    try (var records = Files.list(jailer.data().resolve("runner"))) {
      assertEquals(List.of(), records.toList());
    }
    runner.close();
  }

  private Agent agent(SandboxSpec spec) {
    return runner.find(spec.id()).agent();
  }

  private static List<Future<StartedSandbox>> inParallel(List<Callable<StartedSandbox>> calls)
      throws InterruptedException {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      return executor.invokeAll(calls);
    }
  }

  @Test
  void startsASandboxWithItsIdentity() {
    SandboxSpec spec = spec("daytona", Map.of("BOTH", "client", "OWN", "a b=c"), List.of());
    StartedSandbox started = runner.start(spec);
    assertTrue(started.slotHit());
    assertFalse(started.agentVersion().isEmpty());
    SandboxDirectory.Running running = runner.find(spec.id());
    assertEquals("daytona", running.user());
    assertEquals("/home/daytona", running.home());
    assertEquals("/home/daytona", running.workdir());
    assertEquals(
        spec.id() + "\ndaytona\n/home/daytona", shell(running.agent(), "hostname; id -un; pwd"));
    assertEquals(
        "image client a b=c daytona /home/daytona org-1 " + spec.id() + " C.UTF-8",
        shell(
            running.agent(),
            "echo $FROM_IMAGE $BOTH \"$OWN\" $DAYTONA_SANDBOX_USER $HOME"
                + " $DAYTONA_ORGANIZATION_ID $DAYTONA_SANDBOX_ID $LANG"));
    assertEquals(
        "/home/daytona/.local/bin:/home/daytona/.npm-global/bin:"
            + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        shell(running.agent(), "echo $PATH"));
    assertEquals(Set.of(spec.id()), runner.running());
  }

  @Test
  void tellsWhereTheTimeOfAStartWent() {
    StartedSandbox started = runner.start(spec());
    StartedSandbox.StartTimes micros = started.micros();
    assertTrue(micros.jailer() > 0 && micros.agent() > 0 && micros.slot() >= 0, micros.toString());
  }

  @Test
  void tellsWhereASandboxIs() {
    SandboxSpec spec = spec();
    assertEquals(Placement.NOWHERE, runner.placement(spec.id()));
    runner.start(spec);
    Placement.Run run = Objects.requireNonNull(runner.placement(spec.id()).run());
    assertTrue(run.address().endsWith("." + run.slot()), run.toString());
    assertTrue(Files.exists(Path.of("/proc", Long.toString(run.pid()))), run.toString());
    Placement.Usage usage = Objects.requireNonNull(run.usage());
    assertEquals((long) spec.memoryGib() << 30, usage.memoryLimitBytes());
    assertTrue(
        usage.processes() >= 1 && usage.processes() < usage.processesLimit(), usage.toString());
    Placement.Disk disk = Objects.requireNonNull(runner.placement(spec.id()).disk());
    assertEquals(spec.diskGib(), disk.gib());
    runner.stop(spec.id(), true);
    assertEquals(new Placement(null, disk), withoutSize(runner.placement(spec.id()), disk));
  }

  /** A disk's size in the pool may change when it is unmounted. */
  private static Placement withoutSize(Placement placement, Placement.Disk like) {
    return placement.disk() == null ? placement : new Placement(placement.run(), like);
  }

  @Test
  void findsARunningSandboxWhenAskedToStartItAgain() {
    SandboxSpec spec = spec();
    runner.start(spec);
    String boot = agent(spec).boot();
    runner.start(spec);
    assertEquals(boot, agent(spec).boot());
    assertEquals(1, runner.status().running());
  }

  @Test
  void connectsAgainWhenTheConnectionToAnAgentBroke() {
    SandboxSpec spec = spec();
    runner.start(spec);
    Agent first = agent(spec);
    assertSame(first, agent(spec), "all requests share one connection");
    first.close();
    Agent second = agent(spec);
    assertNotSame(first, second);
    assertEquals(first.boot(), second.boot());
    assertEquals("daytona", shell(second, "id -un"));
  }

  @Test
  void startsASandboxOnceHoweverManyAskForIt() throws Exception {
    SandboxSpec spec = spec();
    List<Callable<StartedSandbox>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(() -> runner.start(spec));
    }
    for (Future<StartedSandbox> call : inParallel(calls)) {
      assertFalse(call.get().agentVersion().isEmpty());
    }
    assertEquals(1, client.list().sandboxes().size());
  }

  @Test
  void keepsFilesAcrossStopAndStart() {
    SandboxSpec spec = spec();
    runner.start(spec);
    String boot = agent(spec).boot();
    shell(agent(spec), "echo kept > file");
    runner.stop(spec.id(), false);
    DaytonaException e = assertThrows(DaytonaException.class, () -> runner.find(spec.id()));
    assertEquals(400, e.kind().status());
    assertTrue(e.sentence().contains("Is the Sandbox started?"));
    assertEquals(Set.of(), runner.running());
    assertEquals(Set.of(spec.id()), runner.known());
    runner.start(spec);
    assertEquals("kept", shell(agent(spec), "cat file"));
    assertNotEquals(boot, agent(spec).boot());
  }

  @Test
  void givesProgramsTimeToEndUnlessForced() {
    SandboxSpec spec = spec();
    runner.start(spec);
    String trap = "trap 'echo ended >> log; exit' TERM; echo up > ready; while :; do sleep 1; done";
    String inBackground =
        "rm -f ready; (%s) >/dev/null 2>&1 & while [ ! -e ready ]; do :; done".formatted(trap);
    shell(agent(spec), inBackground);
    runner.stop(spec.id(), false);
    runner.start(spec);
    assertEquals("ended", shell(agent(spec), "cat log"));
    shell(agent(spec), inBackground);
    runner.stop(spec.id(), true);
    runner.start(spec);
    assertEquals("ended", shell(agent(spec), "cat log"), "a forced stop gives no time");
  }

  @Test
  void stopsAndDestroysWhatItDoesNotKnow() {
    runner.stop(UUID.randomUUID().toString(), false);
    runner.destroy(UUID.randomUUID().toString());
    assertEquals(Set.of(), runner.known());
  }

  @Test
  void destroysASandboxWithEverythingOfIt() throws Exception {
    SandboxSpec spec = spec();
    runner.start(spec);
    int slot = client.list().sandbox(spec.id()).orElseThrow().slot();
    runner.destroy(spec.id());
    assertEquals(Set.of(), runner.running());
    assertTrue(runner.awaitIdle(LONG));
    Inventory inventory = client.list();
    assertTrue(inventory.disks().stream().noneMatch(disk -> disk.id().equals(spec.id())));
    assertFalse(inventory.slots().contains(slot), "a used slot is destroyed");
    assertFalse(Files.exists(jailer.data().resolve("run/a").resolve(spec.id())));
  }

  @Test
  void destroysAStoppedSandbox() throws Exception {
    SandboxSpec spec = spec();
    runner.start(spec);
    runner.stop(spec.id(), true);
    runner.destroy(spec.id());
    assertTrue(runner.awaitIdle(LONG));
    assertEquals(Set.of(), runner.known());
  }

  @Test
  void refusesAUserThatTheImageDoesNotHave() {
    SandboxSpec spec = spec("stranger", Map.of(), List.of());
    DaytonaException e = assertThrows(DaytonaException.class, () -> runner.start(spec));
    assertEquals(400, e.kind().status());
    assertTrue(e.sentence().contains("\"stranger\""), e.sentence());
    assertEquals(Set.of(), runner.known(), "nothing is half-created after a refusal");
  }

  @Test
  void keepsTheDiskWhenARestartIsRefused() {
    SandboxSpec spec = spec();
    runner.start(spec);
    runner.stop(spec.id(), true);
    SandboxSpec wrong =
        new SandboxSpec(
            spec.id(),
            new Origin("org-1", "", ""),
            spec.layers(),
            1,
            1,
            1,
            "stranger",
            Map.of(),
            List.of(),
            "default");
    assertThrows(DaytonaException.class, () -> runner.start(wrong));
    assertEquals(Set.of(spec.id()), runner.known());
    runner.start(spec);
  }

  @Test
  void refusesALayerThatIsNotThere() {
    SandboxSpec spec =
        new SandboxSpec(
            UUID.randomUUID().toString(),
            new Origin("org-1", "", ""),
            List.of("ffffffffffffffff"),
            1,
            1,
            1,
            "daytona",
            Map.of(),
            List.of(),
            "default");
    DaytonaException e = assertThrows(DaytonaException.class, () -> runner.start(spec));
    assertEquals(500, e.kind().status());
    assertTrue(e.sentence().contains("ffffffffffffffff"), e.sentence());
    assertEquals(Set.of(), runner.known());
  }

  @Test
  void startsTheEntrypointAsADetachedProcess() {
    SandboxSpec spec =
        spec("daytona", Map.of("WORD", "hello"), List.of("sh", "-c", "echo $WORD; exec sleep 99"));
    runner.start(spec);
    Agent.ProcessInfo process = agent(spec).processes().getFirst();
    assertEquals(Entrypoint.SESSION, process.process());
    assertTrue(process.label().contains("\"id\":\"entrypoint_command\""), process.label());
    assertTrue(process.running());
  }

  @Test
  void startsASandboxWhoseEntrypointIsMissing() {
    SandboxSpec spec = spec("daytona", Map.of(), List.of("/no/such/program"));
    runner.start(spec);
    assertEquals("up", shell(agent(spec), "echo up"));
  }

  @Test
  void startsTwentyAtOnce() throws Exception {
    List<SandboxSpec> specs = new ArrayList<>();
    List<Callable<StartedSandbox>> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      SandboxSpec spec = spec();
      specs.add(spec);
      calls.add(() -> runner.start(spec));
    }
    for (Future<StartedSandbox> call : inParallel(calls)) {
      assertFalse(call.get().agentVersion().isEmpty());
    }
    Set<String> hostnames = new HashSet<>();
    for (SandboxSpec spec : specs) {
      hostnames.add(shell(agent(spec), "hostname"));
    }
    assertEquals(20, hostnames.size());
    Set<Integer> slots = new HashSet<>();
    client.list().sandboxes().forEach(running -> slots.add(running.slot()));
    assertEquals(20, slots.size());
  }

  @Test
  void hearsThatASandboxEndedOutOfMemory() throws Exception {
    BlockingQueue<String> exits = new LinkedBlockingQueue<>();
    runner.onExit((id, cause) -> exits.add(id + " " + cause));
    SandboxSpec spec = spec("root", Map.of(), List.of());
    runner.start(spec);
    // Memory of a tmpfs belongs to no process: ending programs does not free it.
    AssertionError killed =
        assertThrows(
            AssertionError.class,
            () ->
                shell(
                    agent(spec),
                    "mkdir /m && mount -t tmpfs -o size=4g none /m"
                        + " && exec dd if=/dev/zero of=/m/x bs=1M"));
    assertTrue(String.valueOf(killed.getMessage()).contains("ended with -9"), killed::toString);
    assertEquals(1, runner.usage(spec.id()).orElseThrow().memoryKills());
    // The agent is the last that the kernel chooses; its end is brought about.
    long pid = client.list().sandbox(spec.id()).orElseThrow().pid();
    jailer.root("kill", "-9", Long.toString(pid));
    assertEquals(
        spec.id() + " OUT_OF_MEMORY", exits.poll(60, TimeUnit.SECONDS), () -> jailer.log());
    assertEquals(Set.of(), runner.running());
    assertTrue(runner.usage(spec.id()).isEmpty());
    assertThrows(DaytonaException.class, () -> runner.find(spec.id()));
    runner.start(spec);
    assertEquals("up", shell(agent(spec), "echo up"));
  }

  @Test
  void hearsOfASandboxThatWasKilledFromOutside() throws Exception {
    BlockingQueue<String> exits = new LinkedBlockingQueue<>();
    runner.onExit((id, cause) -> exits.add(id + " " + cause));
    SandboxSpec spec = spec();
    runner.start(spec);
    long pid = client.list().sandbox(spec.id()).orElseThrow().pid();
    jailer.root("kill", "-9", Long.toString(pid));
    assertEquals(spec.id() + " ENDED", exits.poll(60, TimeUnit.SECONDS), () -> jailer.log());
    assertEquals(Set.of(spec.id()), runner.known(), "its disk stays");
  }

  @Test
  void saysNothingOfSandboxesThatWereStopped() throws Exception {
    BlockingQueue<String> exits = new LinkedBlockingQueue<>();
    runner.onExit((id, cause) -> exits.add(id));
    SandboxSpec stopped = spec();
    SandboxSpec killed = spec();
    runner.start(stopped);
    runner.start(killed);
    runner.stop(stopped.id(), false);
    long pid = client.list().sandbox(killed.id()).orElseThrow().pid();
    jailer.root("kill", "-9", Long.toString(pid));
    assertEquals(killed.id(), exits.poll(60, TimeUnit.SECONDS));
    assertEquals(0, exits.size());
  }

  @Test
  void removesWhatNobodyWants() {
    SandboxSpec kept = spec();
    SandboxSpec unwanted = spec();
    SandboxSpec stopped = spec();
    runner.start(kept);
    runner.start(unwanted);
    runner.start(stopped);
    runner.stop(stopped.id(), true);
    String foreign = UUID.randomUUID().toString();
    client.diskMake(foreign, 1);
    assertEquals(
        Set.of(unwanted.id(), stopped.id(), foreign), runner.retainOnly(Set.of(kept.id())));
    assertEquals(Set.of(kept.id()), runner.running());
    assertEquals("up", shell(agent(kept), "echo up"));
  }

  @Test
  void tellsItsLevels() {
    runner.start(spec());
    RunnerStatus status = runner.status();
    assertEquals(1, status.running());
    assertEquals(1022, status.slotsTotal());
    assertTrue(status.slotsReady() >= 3 && status.slotsReady() <= 4, status.toString());
    assertTrue(status.poolFreeKib() > 0 && status.poolFreeKib() <= status.poolTotalKib());
  }

  @Test
  void importsALayerOnceAndRemovesItsTar() throws Exception {
    assertEquals(Set.of(layer, environmentLayer), runner.layers());
    assertFalse(Files.exists(jailer.data().resolve("images").resolve(layer + ".tar")));
    runner.importLayer(layer);
    assertEquals(layer, runner.preparedImages().getFirst().layer());
    assertEquals("test-minimal", runner.preparedImages().getFirst().image());
    DaytonaException e =
        assertThrows(DaytonaException.class, () -> runner.importLayer("ffffffffffffffff"));
    assertEquals(404, e.kind().status());
  }
}
