package io.daytona.runner.slot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlotPoolTest {
  private final List<String> done = new ArrayList<>();
  private boolean broken;

  private SlotPool pool(int target) {
    return new SlotPool(
        target, SlotPool.Maker.of(number -> act("make", number), number -> act("drop", number)));
  }

  private void act(String what, int number) {
    if (broken) {
      throw new JailerException(JailerCode.SYSTEM, "no");
    }
    done.add(what + " " + number);
  }

  private static void settle(SlotPool pool) {
    for (Runnable task = pool.next(false); task != null; task = pool.next(false)) {
      task.run();
    }
  }

  @Test
  void givesAReadySlotWithoutAskingAnybody() {
    SlotPool pool = pool(2);
    settle(pool);
    done.clear();
    Slot slot = pool.acquire();
    assertTrue(slot.ahead());
    assertEquals(List.of(), done);
    assertEquals(1, pool.ready());
    assertEquals(1, pool.used());
  }

  @Test
  void makesASlotOnTheSpotWhenNoneIsReady() {
    SlotPool pool = pool(2);
    Slot slot = pool.acquire();
    assertFalse(slot.ahead());
    assertEquals(List.of("make " + slot.number()), done);
  }

  @Test
  void turnsAwayOnlyWhenAllAreUsed() {
    SlotPool pool = pool(8);
    settle(pool);
    for (int i = 0; i < 1022; i++) {
      pool.acquire();
    }
    DaytonaException e = assertThrows(DaytonaException.class, pool::acquire);
    assertEquals(503, e.kind().status());
    assertTrue(e.retryAfter().isPresent());
    assertTrue(e.sentence().contains("1022"));
  }

  @Test
  void recyclesAnEndedSlotOnTheSpotWhenItIsTheLast() {
    SlotPool pool = pool(0);
    Slot first = pool.acquire();
    for (int i = 1; i < 1022; i++) {
      pool.acquire();
    }
    pool.release(first.number());
    done.clear();
    assertEquals(new Slot(first.number(), false), pool.acquire());
    assertEquals(List.of("drop " + first.number(), "make " + first.number()), done);
  }

  @Test
  void destroysASlotAfterItsRun() {
    SlotPool pool = pool(1);
    settle(pool);
    int number = pool.acquire().number();
    pool.release(number);
    settle(pool);
    assertTrue(done.contains("drop " + number));
    assertEquals(1, pool.ready());
  }

  @Test
  void keepsTheNumberOfAFailedMakeForTheDrop() {
    SlotPool pool = pool(0);
    broken = true;
    assertThrows(JailerException.class, pool::acquire);
    broken = false;
    settle(pool);
    assertEquals(1, done.size());
    assertTrue(done.get(0).startsWith("drop "));
  }

  @Test
  void offersAFailedBackgroundDropAgain() {
    SlotPool pool = pool(0);
    pool.release(pool.acquire().number());
    broken = true;
    Runnable drop = assertNotNull2(pool.next(false));
    assertThrows(JailerException.class, drop::run);
    broken = false;
    assertNotNull2(pool.next(false)).run();
    assertNull(pool.next(false));
  }

  private static Runnable assertNotNull2(@org.jspecify.annotations.Nullable Runnable task) {
    assertNotNull(task);
    return task;
  }

  @Test
  void staysBackWhileCreatesAreInFlightUntilNearlyEmpty() {
    SlotPool pool = pool(16);
    settle(pool);
    for (int i = 0; i < 14; i++) {
      pool.acquire();
    }
    assertNull(pool.next(true), "two left: enough");
    pool.acquire();
    assertNotNull(pool.next(true), "one left: nearly empty");
  }
}
