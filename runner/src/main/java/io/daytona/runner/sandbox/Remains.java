package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.slot.SlotPool;
import io.daytona.runner.storage.RootStore;
import io.daytona.runner.upkeep.Chore;
import io.daytona.wire.failpoint.Failpoints;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is left of sandboxes that ended and still has to be cleared away; repeated until done. */
final class Remains implements Chore {
  private static final Logger LOG = LoggerFactory.getLogger(Remains.class);
  private static final int NO_SLOT = -1;
  private static final long NEVER = Long.MIN_VALUE;

  /** Above this many, clearing is not put off for creates in flight. */
  private static final int PATIENT = 64;

  private final JailerClient jailer;
  private final SlotPool slots;
  private final RootStore store;
  private final SandboxTable table;
  private final Failpoints failpoints;
  private final Map<String, Left> left = new HashMap<>();
  private final Deque<String> queue = new ArrayDeque<>();

  private volatile long droppedAt = NEVER;

  /** What is left of one sandbox; changed under the sandbox's lock. */
  private static final class Left {
    private boolean processes;
    private int slot = NO_SLOT;
    private boolean disk;
  }

  Remains(
      JailerClient jailer,
      SlotPool slots,
      RootStore store,
      SandboxTable table,
      Failpoints failpoints) {
    this.jailer = jailer;
    this.slots = slots;
    this.store = store;
    this.table = table;
    this.failpoints = failpoints;
  }

  /** A disk is to be removed. The caller holds the sandbox's lock. */
  void disk(String id) {
    synchronized (left) {
      enqueue(id).disk = true;
    }
  }

  /**
   * Kills what may run, then gives its slot back and drops its disk if asked to; what fails is
   * repeated in the background. The caller holds the sandbox's lock.
   */
  void clear(String id, int slot, boolean disk) {
    synchronized (left) {
      Left what = enqueue(id);
      what.processes = true;
      what.slot = slot;
      what.disk |= disk;
    }
    try {
      settle(id);
    } catch (RuntimeException e) {
      LOG.warn("sandbox {} is cleared away later: {}", id, e.getMessage());
    }
  }

  private Left enqueue(String id) {
    Left what = left.get(id);
    if (what == null) {
      what = new Left();
      left.put(id, what);
      queue.addLast(id);
    }
    return what;
  }

  /** Clears away what is left of one sandbox. The caller holds its lock. */
  void settle(String id) {
    Left what;
    synchronized (left) {
      what = left.get(id);
    }
    if (what == null) {
      return;
    }
    if (what.processes) {
      jailer.kill(id);
      what.processes = false;
      HostStep.CLEAR_KILLED.passed(failpoints);
    }
    if (what.slot != NO_SLOT) {
      slots.release(what.slot);
      what.slot = NO_SLOT;
    }
    if (what.disk) {
      HostStep.CLEAR_DISK_DUE.passed(failpoints);
      store.drop(id);
      droppedAt = System.nanoTime();
      HostStep.CLEAR_DISK_DROPPED.passed(failpoints);
    }
    synchronized (left) {
      left.remove(id);
      queue.remove(id);
    }
  }

  /** Whether a disk has been removed within this time. */
  boolean clearedWithin(Duration time) {
    long at = droppedAt;
    return at != NEVER && System.nanoTime() - at < time.toNanos();
  }

  @Override
  public String name() {
    return "clearing away ended sandboxes";
  }

  @Override
  public @Nullable Runnable next(boolean busy) {
    synchronized (left) {
      if (busy && queue.size() <= PATIENT) {
        return null;
      }
      String id = queue.pollFirst();
      return id == null ? null : () -> clearOne(id);
    }
  }

  /**
   * Clears away what is left of all sandboxes that nobody else changes, to make room.
   *
   * @return whether there was anything left, or is being cleared away
   */
  boolean clearAll() {
    List<String> ids;
    synchronized (left) {
      ids = List.copyOf(left.keySet());
    }
    for (String id : ids) {
      try (KeyedLocks.Hold hold = table.tryHold(id)) {
        if (hold != null) {
          settle(id);
        }
      } catch (RuntimeException e) {
        LOG.warn("sandbox {} is cleared away later: {}", id, e.getMessage());
      }
    }
    return !ids.isEmpty();
  }

  private void clearOne(String id) {
    try (KeyedLocks.Hold _ = table.hold(id)) {
      settle(id);
    } catch (RuntimeException e) {
      synchronized (left) {
        if (left.containsKey(id) && !queue.contains(id)) {
          queue.addLast(id);
        }
      }
      throw e;
    }
  }
}
