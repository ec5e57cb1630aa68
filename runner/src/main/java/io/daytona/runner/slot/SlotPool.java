package io.daytona.runner.slot;

import io.daytona.runner.upkeep.Chore;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.Collection;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slots made ahead in the background, each used for one run and destroyed.
 *
 * <p>When none is ready, one is made on the spot; only when all 1,022 are used is the caller turned
 * away.
 */
public final class SlotPool implements Chore {
  private static final Logger LOG = LoggerFactory.getLogger(SlotPool.class);
  private static final Duration FULL_RETRY = Duration.ofSeconds(5);
  private static final Duration CHANGING_RETRY = Duration.ofSeconds(1);

  private final SlotLedger ledger;
  private final Maker maker;
  private final int floor;
  private boolean low;

  /**
   * @param target slots to keep ready, 0 or more
   * @param maker makes and drops slots
   */
  public SlotPool(int target, Maker maker) {
    this.ledger = new SlotLedger(target);
    this.maker = maker;
    this.floor = target / 4;
  }

  /** Makes slots real; both are idempotent and block. */
  public interface Maker {
    /** Makes or completes a slot. */
    void make(int number);

    /** Removes a slot, complete or not. */
    void drop(int number);

    /** A maker of two functions. */
    static Maker of(IntConsumer make, IntConsumer drop) {
      return new Maker() {
        @Override
        public void make(int number) {
          make.accept(number);
        }

        @Override
        public void drop(int number) {
          drop.accept(number);
        }
      };
    }
  }

  /**
   * Takes over what exists after a restart; called once, before anything else.
   *
   * @param used slots of running sandboxes
   * @param unused slots that never had a sandbox
   * @param spent other slots that exist: they had one and are destroyed
   */
  public void adopt(
      Collection<Integer> used, Collection<Integer> unused, Collection<Integer> spent) {
    used.forEach(ledger::adoptUsed);
    unused.forEach(ledger::adoptUnused);
    spent.forEach(ledger::adoptSpent);
  }

  /** How many slots were made ahead so far; asked before a list of those that exist. */
  public long madeSoFar() {
    return ledger.madeSoFar();
  }

  /**
   * Compares the ready slots with those that exist, after the jailer was away.
   *
   * @param existing slots on the jailer's list
   * @param madeBefore {@link #madeSoFar} before the list was asked for
   */
  public void verify(Set<Integer> existing, long madeBefore) {
    int lost = ledger.keepReady(existing, madeBefore);
    if (lost > 0) {
      LOG.warn("{} ready slots are gone and will be made again", lost);
    }
  }

  /**
   * Takes a slot for one run.
   *
   * @throws DaytonaException 503 when all are used
   */
  public Slot acquire() {
    OptionalInt ready = ledger.takeReady();
    watchLevel();
    if (ready.isPresent()) {
      return new Slot(ready.getAsInt(), true);
    }
    OptionalInt free = ledger.takeFree();
    OptionalInt number = free.isPresent() ? free : ledger.takeSpent();
    if (number.isEmpty()) {
      throw full();
    }
    try {
      if (free.isEmpty()) {
        maker.drop(number.getAsInt());
      }
      maker.make(number.getAsInt());
    } catch (RuntimeException e) {
      ledger.release(number.getAsInt());
      throw e;
    }
    return new Slot(number.getAsInt(), false);
  }

  private DaytonaException full() {
    return ledger.exhausted()
        ? DaytonaException.unavailable(
            "All "
                + size()
                + " slots of this host run a sandbox. Stop or delete one, or try again later",
            FULL_RETRY)
        : DaytonaException.unavailable(
            "This host is still clearing away sandboxes that ended; try again shortly",
            CHANGING_RETRY);
  }

  /** Ends a slot's run; it is destroyed in the background. */
  public void release(int number) {
    ledger.release(number);
  }

  /** Slots made ahead and free. */
  public int ready() {
    return ledger.ready();
  }

  /** Slots in use. */
  public int used() {
    return ledger.used();
  }

  /** Slots this host can have. */
  public int size() {
    return SlotLedger.LAST - SlotLedger.FIRST + 1;
  }

  @Override
  public String name() {
    return "keeping slots ready";
  }

  @Override
  public @Nullable Runnable next(boolean busy) {
    OptionalInt drop = ledger.nextDrop(busy);
    if (drop.isPresent()) {
      return () -> drop(drop.getAsInt());
    }
    OptionalInt make = ledger.nextMake(busy);
    return make.isPresent() ? () -> make(make.getAsInt()) : null;
  }

  private void drop(int number) {
    try {
      maker.drop(number);
    } catch (RuntimeException e) {
      ledger.dropFailed(number);
      throw e;
    }
    ledger.dropped(number);
  }

  private void make(int number) {
    try {
      maker.make(number);
    } catch (RuntimeException e) {
      ledger.makeFailed(number);
      throw e;
    }
    ledger.made(number);
    watchLevel();
  }

  /** Says once when the pool falls below its floor, and once when it is well above it again. */
  private synchronized void watchLevel() {
    int ready = ledger.ready();
    if (!low && ready < floor) {
      low = true;
      LOG.warn("only {} slots are ready: creates wait for slots made on the spot", ready);
    } else if (low && ready >= 2 * floor) {
      low = false;
      LOG.info("{} slots are ready again", ready);
    }
  }
}
