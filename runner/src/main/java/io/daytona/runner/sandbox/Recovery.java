package io.daytona.runner.sandbox;

import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.storage.OverlayRootStore;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes over what runs and exists on the host when the server starts. */
final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
  private static final long RECONNECT_SECONDS = 5;

  private final Host host;
  private final ExecutorService background;

  Recovery(Host host, ExecutorService background) {
    this.host = host;
    this.background = background;
  }

  /** Fills the table, the slot pool and the shelf; nothing else may use them yet. */
  void adopt() {
    Inventory inventory = host.jailer().list();
    Map<Integer, SlotRecords.Entry> records = host.records().load();
    for (Inventory.Running running : inventory.sandboxes()) {
      String id = running.id();
      host.table()
          .add(
              new LiveSandbox(
                  id, running.slot(), host.link(id), SlotRecords.identityOf(running, records)));
    }
    for (Inventory.Disk disk : inventory.disks()) {
      if (!OverlayRootStore.isShelved(disk.id())) {
        host.table().addDisk(disk.id());
      }
    }
    host.store().adopt(inventory);
    adoptSlots(inventory, records);
    inventory.poolFull().forEach(host.table()::endedByPool);
    for (Inventory.Running ended : inventory.ended()) {
      clear(ended);
    }
    LOG.info(
        "found {} running sandboxes, {} disks, {} slots",
        inventory.sandboxes().size(),
        inventory.disks().size(),
        inventory.slots().size());
  }

  /** It ended while no server ran: its mounts and its slot are still there. */
  private void clear(Inventory.Running ended) {
    try (KeyedLocks.Hold _ = host.table().hold(ended.id())) {
      host.remains().clear(ended.id(), ended.slot(), false);
    }
  }

  /**
   * A slot with a record had a sandbox. One without is as good as new, and is completed like a new
   * one. A record without a slot may be that of a half-made one, which the drop clears away too.
   */
  private void adoptSlots(Inventory inventory, Map<Integer, SlotRecords.Entry> records) {
    Set<Integer> used = new HashSet<>();
    inventory.sandboxes().forEach(running -> used.add(running.slot()));
    inventory.ended().forEach(ended -> used.add(ended.slot()));
    List<Integer> unused = new ArrayList<>(inventory.slots());
    unused.removeIf(slot -> used.contains(slot) || records.containsKey(slot));
    Set<Integer> spent = new HashSet<>(records.keySet());
    spent.removeAll(used);
    host.slots().adopt(used, unused, spent);
  }

  /** Connects to all agents at once; those that do not answer in time are tried again when used. */
  void reconnect() {
    List<LiveSandbox> live = List.copyOf(host.table().allLive());
    CountDownLatch open = new CountDownLatch(live.size());
    for (LiveSandbox sandbox : live) {
      background.execute(() -> {
        try {
          sandbox.link().agent();
        } catch (DaytonaException e) {
          LOG.warn("the agent of sandbox {} does not answer: {}", sandbox.id(), cause(e));
        } finally {
          open.countDown();
        }
      });
    }
    try {
      if (!open.await(RECONNECT_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("{} of {} agents have not answered yet", open.getCount(), live.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String cause(DaytonaException e) {
    Throwable cause = e.getCause();
    return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
  }
}
