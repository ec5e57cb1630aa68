package io.daytona.runner.slot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlotLedgerTest {
  private static final boolean BUSY = true;
  private static final boolean QUIET = false;

  private static void makeAll(SlotLedger ledger, boolean busy) {
    for (OptionalInt n = ledger.nextMake(busy); n.isPresent(); n = ledger.nextMake(busy)) {
      ledger.made(n.getAsInt());
    }
  }

  @Test
  void makesAsManyAheadAsWanted() {
    SlotLedger ledger = new SlotLedger(32);
    makeAll(ledger, QUIET);
    assertEquals(32, ledger.ready());
  }

  @Test
  void countsSlotsBeingMade() {
    SlotLedger ledger = new SlotLedger(2);
    assertTrue(ledger.nextMake(QUIET).isPresent());
    assertTrue(ledger.nextMake(QUIET).isPresent());
    assertTrue(ledger.nextMake(QUIET).isEmpty());
  }

  @Test
  void makesOnlyAFewWhileCreatesAreInFlight() {
    SlotLedger ledger = new SlotLedger(32);
    makeAll(ledger, BUSY);
    assertEquals(4, ledger.ready());
  }

  @Test
  void makesProgressAlsoWithATinyTarget() {
    SlotLedger ledger = new SlotLedger(1);
    makeAll(ledger, BUSY);
    assertEquals(1, ledger.ready());
  }

  @Test
  void wantsNothingWhenNothingIsToBeKeptReady() {
    SlotLedger ledger = new SlotLedger(0);
    assertTrue(ledger.nextMake(QUIET).isEmpty());
    assertTrue(ledger.nextMake(BUSY).isEmpty());
  }

  @Test
  void destroysUnusedSlotsBeyondWhatIsKeptReady() {
    SlotLedger ledger = new SlotLedger(2);
    for (int number = 10; number < 15; number++) {
      ledger.adoptUnused(number);
    }
    Set<Integer> dropped = new HashSet<>();
    for (OptionalInt n = ledger.nextDrop(QUIET); n.isPresent(); n = ledger.nextDrop(QUIET)) {
      dropped.add(n.getAsInt());
      ledger.dropped(n.getAsInt());
    }
    assertEquals(Set.of(12, 13, 14), dropped);
    makeAll(ledger, QUIET);
    Set<Integer> ready = new HashSet<>();
    for (OptionalInt n = ledger.takeReady(); n.isPresent(); n = ledger.takeReady()) {
      ready.add(n.getAsInt());
    }
    assertEquals(Set.of(10, 11), ready);
  }

  @Test
  void neverGivesANumberTwice() {
    SlotLedger ledger = new SlotLedger(32);
    makeAll(ledger, QUIET);
    Set<Integer> given = new HashSet<>();
    for (OptionalInt n = ledger.takeReady(); n.isPresent(); n = ledger.takeReady()) {
      assertTrue(given.add(n.getAsInt()));
    }
    for (OptionalInt n = ledger.takeFree(); n.isPresent(); n = ledger.takeFree()) {
      assertTrue(given.add(n.getAsInt()));
    }
    assertEquals(1022, given.size());
    assertFalse(given.contains(0));
    assertFalse(given.contains(1023));
    assertTrue(ledger.exhausted());
    assertEquals(1022, ledger.used());
  }

  @Test
  void destroysAUsedSlotBeforeItIsMadeAgain() {
    SlotLedger ledger = new SlotLedger(1022);
    int slot = ledger.takeFree().getAsInt();
    ledger.release(slot);
    makeAll(ledger, QUIET);
    assertEquals(1021, ledger.ready());
    assertEquals(OptionalInt.of(slot), ledger.nextDrop(QUIET));
    assertTrue(ledger.nextMake(QUIET).isEmpty(), "it is not free while it is being dropped");
    ledger.dropped(slot);
    assertEquals(OptionalInt.of(slot), ledger.nextMake(QUIET));
  }

  @Test
  void triesAFailedDropAgain() {
    SlotLedger ledger = new SlotLedger(0);
    int slot = ledger.takeFree().getAsInt();
    ledger.release(slot);
    ledger.dropFailed(ledger.nextDrop(QUIET).getAsInt());
    assertEquals(OptionalInt.of(slot), ledger.nextDrop(QUIET));
  }

  @Test
  void destroysWhatCouldNotBeMade() {
    SlotLedger ledger = new SlotLedger(1);
    int slot = ledger.nextMake(QUIET).getAsInt();
    ledger.makeFailed(slot);
    assertEquals(OptionalInt.of(slot), ledger.nextDrop(QUIET));
    assertTrue(ledger.nextMake(QUIET).isPresent(), "another number takes its place");
  }

  @Test
  void putsDropsOffWhileCreatesAreInFlightUnlessThereAreMany() {
    SlotLedger ledger = new SlotLedger(0);
    for (int i = 0; i < SlotLedger.PATIENT_DROPS; i++) {
      ledger.release(ledger.takeFree().getAsInt());
    }
    assertTrue(ledger.nextDrop(BUSY).isEmpty());
    ledger.release(ledger.takeFree().getAsInt());
    assertTrue(ledger.nextDrop(BUSY).isPresent());
    assertTrue(ledger.nextDrop(QUIET).isPresent());
  }

  @Test
  void refusesToReleaseWhatIsNotUsed() {
    SlotLedger ledger = new SlotLedger(0);
    int slot = ledger.takeFree().getAsInt();
    ledger.release(slot);
    assertThrows(IllegalStateException.class, () -> ledger.release(slot));
  }

  @Test
  void adoptsWhatExists() {
    SlotLedger ledger = new SlotLedger(1);
    ledger.adoptUsed(5);
    ledger.adoptSpent(6);
    ledger.adoptUnused(7);
    assertEquals(1, ledger.used());
    assertEquals(OptionalInt.of(6), ledger.nextDrop(QUIET));
    assertEquals(OptionalInt.of(7), ledger.nextMake(QUIET), "what exists is quickest to complete");
    ledger.release(5);
    assertEquals(OptionalInt.of(5), ledger.nextDrop(QUIET));
  }

  @Test
  void forgetsReadySlotsThatAreGone() {
    SlotLedger ledger = new SlotLedger(2);
    int first = ledger.nextMake(QUIET).getAsInt();
    int second = ledger.nextMake(QUIET).getAsInt();
    ledger.made(first);
    ledger.made(second);
    assertEquals(1, ledger.keepReady(Set.of(second), ledger.madeSoFar()));
    assertEquals(OptionalInt.of(second), ledger.takeReady());
    assertTrue(ledger.takeReady().isEmpty());
  }

  @Test
  void keepsReadySlotsThatWereMadeWhileTheListWasRead() {
    SlotLedger ledger = new SlotLedger(2);
    int gone = ledger.nextMake(QUIET).getAsInt();
    int young = ledger.nextMake(QUIET).getAsInt();
    ledger.made(gone);
    long before = ledger.madeSoFar();
    ledger.made(young);
    assertEquals(1, ledger.keepReady(Set.of(), before));
    assertEquals(OptionalInt.of(young), ledger.takeReady());
    assertTrue(ledger.takeReady().isEmpty());
  }
}
