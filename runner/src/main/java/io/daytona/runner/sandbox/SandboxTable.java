package io.daytona.runner.sandbox;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What the runner knows of its sandboxes: those that run, those with a disk, and starts in
 * progress. Entries of one id change only under that id's lock.
 */
final class SandboxTable {
  private final KeyedLocks locks = new KeyedLocks();
  private final ConcurrentHashMap<String, LiveSandbox> live = new ConcurrentHashMap<>();
  private final Set<String> disks = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<String, Boot> boots = new ConcurrentHashMap<>();

  private final Set<String> endedByPool = ConcurrentHashMap.newKeySet();

  /** Waits until nobody else changes the sandbox. */
  KeyedLocks.Hold hold(String id) {
    return locks.hold(id);
  }

  /** Holds it if nobody else changes it; null when somebody does. */
  KeyedLocks.@Nullable Hold tryHold(String id) {
    return locks.tryHold(id);
  }

  @Nullable LiveSandbox live(String id) {
    return live.get(id);
  }

  Collection<LiveSandbox> allLive() {
    return List.copyOf(live.values());
  }

  int liveCount() {
    return live.size();
  }

  void add(LiveSandbox sandbox) {
    live.put(sandbox.id(), sandbox);
  }

  void remove(LiveSandbox sandbox) {
    live.remove(sandbox.id(), sandbox);
  }

  /** It was ended because it filled the pool, while no server ran. */
  void endedByPool(String id) {
    endedByPool.add(id);
  }

  /** Whether it was, since it ran last. */
  boolean wasEndedByPool(String id) {
    return endedByPool.contains(id);
  }

  boolean hasDisk(String id) {
    return disks.contains(id);
  }

  void addDisk(String id) {
    disks.add(id);
  }

  void removeDisk(String id) {
    endedByPool.remove(id);
    disks.remove(id);
  }

  Boot begin(String id) {
    endedByPool.remove(id);
    Boot boot = new Boot();
    boots.put(id, boot);
    return boot;
  }

  @Nullable Boot boot(String id) {
    return boots.get(id);
  }

  void end(String id) {
    boots.remove(id);
  }
}
