package io.daytona.runner.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import io.daytona.runner.sandbox.HostRunner;
import io.daytona.runner.testing.JailedTest;
import io.daytona.toolbox.agent.Agent;
import io.daytona.wire.runner.SandboxSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What every store of disks has to do, on a real host. */
@Tag("slow")
abstract class RootStoreContract extends JailedTest {

  /** The store to be tested. */
  abstract RootStore store();

  private final Set<String> made = new HashSet<>();

  private String name() {
    String name = UUID.randomUUID().toString();
    made.add(name);
    return name;
  }

  private Optional<RootStore.Disk> find(String id) {
    return store().list().stream().filter(disk -> disk.id().equals(id)).findFirst();
  }

  @AfterEach
  void removeDisks() {
    made.forEach(store()::drop);
    store().list().stream().filter(RootStore.Disk::shelved).forEach(d -> store().drop(d.id()));
  }

  @Test
  void makesADiskOfItsSizeThatTakesLittleSpace() {
    String disk = name();
    store().make(disk, 1);
    RootStore.Disk found = find(disk).orElseThrow();
    assertEquals(1, found.gib());
    assertFalse(found.shelved());
    assertTrue(found.allocatedKib() < 10_240, found.toString());
  }

  @Test
  void makingTheSameAgainIsFineAndAnotherSizeIsRefused() {
    String disk = name();
    store().make(disk, 1);
    store().make(disk, 1);
    JailerException e = assertThrows(JailerException.class, () -> store().make(disk, 2));
    assertEquals(JailerCode.EXISTS, e.code());
    assertEquals(1, find(disk).orElseThrow().gib());
  }

  @Test
  void copiesADisk() {
    String from = name();
    String to = name();
    store().make(from, 1);
    store().clone(from, to);
    assertEquals(1, find(to).orElseThrow().gib());
    store().drop(from);
    assertTrue(find(to).isPresent(), "a copy needs its original no more");
  }

  @Test
  void copiesOnlyWhatExists() {
    String from = name();
    String to = name();
    JailerException e = assertThrows(JailerException.class, () -> store().clone(from, to));
    assertEquals(JailerCode.ABSENT, e.code());
    assertTrue(find(to).isEmpty());
  }

  @Test
  void growsAndNeverShrinks() {
    String disk = name();
    store().make(disk, 1);
    store().grow(disk, 2);
    store().grow(disk, 2);
    assertEquals(2, find(disk).orElseThrow().gib());
    assertThrows(JailerException.class, () -> store().grow(disk, 1));
    assertEquals(2, find(disk).orElseThrow().gib());
  }

  @Test
  void dropsADiskAndDoesNotMindAnAbsentOne() {
    String disk = name();
    store().make(disk, 1);
    store().drop(disk);
    assertTrue(find(disk).isEmpty());
    store().drop(disk);
  }

  @Test
  void givesAShelvedDiskToOneOnly() {
    store().shelve(1);
    store().shelve(1);
    store().shelve(2);
    assertEquals(2, store().shelved(1));
    String first = store().claim(1).orElseThrow();
    String second = store().claim(1).orElseThrow();
    assertNotEquals(first, second);
    assertTrue(store().claim(1).isEmpty());
    assertEquals(2, find(store().claim(2).orElseThrow()).orElseThrow().gib());
    assertTrue(find(first).orElseThrow().shelved());
  }

  @Test
  void takesBackAClaimedDiskUnlessItHasBeenUsed() {
    store().shelve(1);
    String disk = store().claim(1).orElseThrow();
    store().unclaim(disk);
    assertEquals(Optional.of(disk), store().claim(1));
    store().drop(disk);
    store().unclaim(disk);
    assertTrue(store().claim(1).isEmpty());
  }

  @Test
  void keepsASandboxsFilesWithinItsSizeAndCopiesThem() throws Exception {
    SandboxSpec first = spec();
    SandboxSpec second = spec();
    made.addAll(List.of(first.id(), second.id()));
    try (HostRunner runner = open()) {
      runner.start(first);
      Agent agent = runner.find(first.id()).agent();
      int kib = Integer.parseInt(shell(agent, "df -k / | tail -n 1 | awk '{ print $2 }'"));
      assertTrue(kib > 900_000 && kib <= 1 << 20, "KiB: " + kib);
      shell(agent, "echo kept >/home/daytona/file");
      runner.stop(first.id(), false);
      store().clone(first.id(), second.id());
    }
    try (HostRunner runner = open()) {
      for (SandboxSpec spec : List.of(first, second)) {
        runner.start(spec);
        assertEquals("kept", shell(runner.find(spec.id()).agent(), "cat /home/daytona/file"));
      }
      runner.retainOnly(Set.of());
      assertTrue(runner.awaitIdle(LONG), () -> jailer.log());
    }
  }

  @Test
  void tellsTheLevelsOfThePool() {
    RootStore.Space space = store().space();
    assertTrue(space.totalKib() > 0);
    assertTrue(space.freeKib() > 0 && space.freeKib() <= space.totalKib(), space.toString());
  }
}
