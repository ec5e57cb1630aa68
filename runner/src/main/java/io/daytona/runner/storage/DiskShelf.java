package io.daytona.runner.storage;

import io.daytona.runner.upkeep.Chore;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keeps empty disks ready: so many of each size. */
public final class DiskShelf implements Chore {
  private final RootStore store;
  private final Map<Integer, Integer> targets;
  private final Map<Integer, Integer> making = new HashMap<>();

  /**
   * @param store where the disks are
   * @param targets how many to keep ready, by size in GiB
   */
  public DiskShelf(RootStore store, Map<Integer, Integer> targets) {
    this.store = store;
    this.targets = Map.copyOf(targets);
  }

  @Override
  public String name() {
    return "keeping empty disks ready";
  }

  /** While creates are in flight nothing is made: a missing disk is made within the start. */
  @Override
  public synchronized @Nullable Runnable next(boolean busy) {
    if (busy) {
      return null;
    }
    for (Map.Entry<Integer, Integer> target : targets.entrySet()) {
      int gib = target.getKey();
      if (store.shelved(gib) + making.getOrDefault(gib, 0) < target.getValue()) {
        making.merge(gib, 1, Integer::sum);
        return () -> make(gib);
      }
    }
    return null;
  }

  private void make(int gib) {
    try {
      store.shelve(gib);
    } finally {
      synchronized (this) {
        making.merge(gib, -1, Integer::sum);
      }
    }
  }
}
