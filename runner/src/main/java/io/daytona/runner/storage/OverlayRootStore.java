package io.daytona.runner.storage;

import io.daytona.runner.HostStep;
import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.wire.failpoint.Failpoints;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Disks that are ext4 images and the upper side of an overlay over shared layers, made by the
 * jailer.
 */
public final class OverlayRootStore implements RootStore {
  private static final String SHELF_PREFIX = "shelf-";

  private final JailerClient jailer;
  private final RandomGenerator random;
  private final Failpoints failpoints;
  private final Map<Integer, Deque<String>> shelf = new HashMap<>();

  /**
   * @param jailer the host's jailer
   * @param random names shelved disks
   * @param failpoints places behind the steps
   */
  public OverlayRootStore(JailerClient jailer, RandomGenerator random, Failpoints failpoints) {
    this.jailer = jailer;
    this.failpoints = failpoints;
    this.random = random;
  }

  /** Whether a disk's name is that of a shelved one. */
  public static boolean isShelved(String disk) {
    return disk.startsWith(SHELF_PREFIX);
  }

  /** Takes over the shelved disks that exist; called once, before anything else. */
  public void adopt(Inventory inventory) {
    for (Inventory.Disk disk : inventory.disks()) {
      if (isShelved(disk.id())) {
        put(disk.gib(), disk.id());
      }
    }
  }

  @Override
  public void shelve(int gib) {
    String name = SHELF_PREFIX + gib + "-" + "%016x".formatted(random.nextLong());
    jailer.diskMake(name, gib);
    HostStep.DISK_SHELVED.passed(failpoints);
    put(gib, name);
  }

  private void put(int gib, String name) {
    synchronized (shelf) {
      shelf.computeIfAbsent(gib, size -> new ArrayDeque<>()).addLast(name);
    }
  }

  @Override
  public int shelved(int gib) {
    synchronized (shelf) {
      Deque<String> disks = shelf.get(gib);
      return disks == null ? 0 : disks.size();
    }
  }

  /** Empty disks of all sizes on the shelf. */
  public int shelved() {
    synchronized (shelf) {
      return shelf.values().stream().mapToInt(Deque::size).sum();
    }
  }

  @Override
  public Optional<String> claim(int gib) {
    synchronized (shelf) {
      Deque<String> disks = shelf.get(gib);
      return disks == null ? Optional.empty() : Optional.ofNullable(disks.pollFirst());
    }
  }

  @Override
  public void unclaim(String shelved) {
    jailer.list().disks().stream()
        .filter(disk -> disk.id().equals(shelved))
        .forEach(disk -> put(disk.gib(), shelved));
  }

  @Override
  public void make(String disk, int gib) {
    jailer.diskMake(disk, gib);
  }

  @Override
  public void clone(String from, String to) {
    jailer.diskClone(from, to);
  }

  @Override
  public void grow(String disk, int gib) {
    jailer.diskGrow(disk, gib);
  }

  @Override
  public void drop(String disk) {
    jailer.diskDrop(disk);
  }

  @Override
  public List<Disk> list() {
    return jailer.list().disks().stream()
        .map(disk -> new Disk(disk.id(), disk.gib(), disk.allocatedKib(), isShelved(disk.id())))
        .toList();
  }

  @Override
  public Space space() {
    JailerClient.Hello hello = jailer.hello();
    return new Space(hello.poolFreeKib(), hello.poolTotalKib());
  }
}
