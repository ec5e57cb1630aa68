package io.daytona.runner.storage;

import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import io.daytona.runner.upkeep.Chore;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps empty disks ready: so many of each size. */
public final class DiskShelf implements Chore {
  private static final Logger LOG = LoggerFactory.getLogger(DiskShelf.class);

  /** A full pool is asked again after this, when anything else happens on the host. */
  private static final long FULL_NANOS = 5_000_000_000L;

  private final RootStore store;
  private final Map<Integer, Integer> targets;
  private final Map<Integer, Integer> making = new HashMap<>();
  private boolean full;
  private long fullAt;

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
    if (busy || (full && System.nanoTime() - fullAt < FULL_NANOS)) {
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

  private synchronized void noRoom(boolean now) {
    if (now != full) {
      LOG.info(
          "{}",
          now ? "the pool is nearly full: no disks are made ahead" : "disks are made ahead again");
    }
    full = now;
    fullAt = System.nanoTime();
  }

  private void make(int gib) {
    try {
      store.shelve(gib);
      noRoom(false);
    } catch (JailerException e) {
      if (e.code() != JailerCode.SPACE) {
        throw e;
      }
      // What room there is belongs to sandboxes; starts make their disks themselves meanwhile.
      noRoom(true);
    } finally {
      synchronized (this) {
        making.merge(gib, -1, Integer::sum);
      }
    }
  }
}
