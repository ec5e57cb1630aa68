package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.slot.SlotPool;
import io.daytona.runner.storage.RootStore;
import io.daytona.runner.upkeep.Chore;
import io.daytona.wire.failpoint.Failpoints;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is left of sandboxes that ended and still has to be cleared away; repeated until done. */
final class Remains implements Chore {
  private static final Logger LOG = LoggerFactory.getLogger(Remains.class);
  private static final int NO_SLOT = -1;

  /** Above this many, clearing is not put off for creates in flight. */
  private static final int PATIENT = 64;

  private final JailerClient jailer;
  private final SlotPool slots;
  private final RootStore store;
  private final SandboxTable table;
  private final Failpoints failpoints;
  private final Map<String, Left> left = new HashMap<>();
  private final Deque<String> queue = new ArrayDeque<>();

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
      HostStep.CLEAR_DISK_DROPPED.passed(failpoints);
    }
    synchronized (left) {
      left.remove(id);
      queue.remove(id);
    }
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
