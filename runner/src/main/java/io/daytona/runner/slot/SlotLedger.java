package io.daytona.runner.slot;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What each slot number of this host is: free, being made, ready, used, or waiting to be dropped.
 * Guarded by its own monitor; decides, does nothing.
 */
final class SlotLedger {
  /** Slots 0 and 1023 are the first and last address of the range (docs/protocols/jailer.md). */
  static final int FIRST = 1;

  static final int LAST = 1022;

  /** Drops waiting above this number are not put off for creates in flight. */
  static final int PATIENT_DROPS = 64;

  private final int target;
  private final int urgent;
  private final Deque<Integer> free = new ArrayDeque<>();
  private final Deque<Integer> ready = new ArrayDeque<>();
  private final Deque<Integer> spent = new ArrayDeque<>();
  private final BitSet used = new BitSet();
  private final long[] madeAs = new long[LAST + 1];
  private long made;
  private int makingAhead;
  private int adoptedUnused;
  private int changing;

  /**
   * @param target slots to keep ready
   */
  SlotLedger(int target) {
    this.target = target;
    this.urgent = Math.max(1, target / 8);
    for (int n = FIRST; n <= LAST; n++) {
      free.addLast(n);
    }
  }

  /** Notes a slot that a running sandbox uses. */
  synchronized void adoptUsed(int number) {
    free.remove(number);
    used.set(number);
  }

  /** Notes a slot that exists and may have been used. */
  synchronized void adoptSpent(int number) {
    if (free.remove(number)) {
      spent.addLast(number);
    }
  }

  /**
   * Notes a slot that exists and has never been used: it is the next to be made, cheaply. More of
   * them than are kept ready, as kills of the jailer can leave, are destroyed.
   */
  synchronized void adoptUnused(int number) {
    if (!free.remove(number)) {
      return;
    }
    if (adoptedUnused < target) {
      adoptedUnused++;
      free.addFirst(number);
    } else {
      spent.addLast(number);
    }
  }

  /** How many slots were made ahead so far. */
  synchronized long madeSoFar() {
    return made;
  }

  /**
   * Forgets ready slots that do not exist any more; returns how many.
   *
   * @param existing slots that existed when the list was read
   * @param madeBefore {@link #madeSoFar} before it was: the list says nothing of later ones
   */
  synchronized int keepReady(Set<Integer> existing, long madeBefore) {
    List<Integer> gone =
        ready.stream()
            .filter(number -> madeAs[number] <= madeBefore && !existing.contains(number))
            .toList();
    ready.removeAll(gone);
    free.addAll(gone);
    return gone.size();
  }

  /** A ready slot, from now on used. */
  synchronized OptionalInt takeReady() {
    Integer number = ready.pollFirst();
    if (number == null) {
      return OptionalInt.empty();
    }
    used.set(number);
    return OptionalInt.of(number);
  }

  /** A number for a slot to be made at once; from now on used. */
  synchronized OptionalInt takeFree() {
    Integer number = free.pollFirst();
    if (number == null) {
      return OptionalInt.empty();
    }
    used.set(number);
    return OptionalInt.of(number);
  }

  /** A spent slot for a caller who drops and makes it at once; from now on used. */
  synchronized OptionalInt takeSpent() {
    Integer number = spent.pollFirst();
    if (number == null) {
      return OptionalInt.empty();
    }
    used.set(number);
    return OptionalInt.of(number);
  }

  /** A used slot's run ended. */
  synchronized void release(int number) {
    if (!used.get(number)) {
      throw new IllegalStateException("slot " + number + " is not used");
    }
    used.clear(number);
    spent.addLast(number);
  }

  /** The next slot to drop, if it is worth doing now. */
  synchronized OptionalInt nextDrop(boolean busy) {
    if (spent.isEmpty() || (busy && spent.size() <= PATIENT_DROPS)) {
      return OptionalInt.empty();
    }
    changing++;
    return OptionalInt.of(spent.removeFirst());
  }

  synchronized void dropped(int number) {
    changing--;
    free.addLast(number);
  }

  synchronized void dropFailed(int number) {
    changing--;
    spent.addLast(number);
  }

  /** The next slot to make ahead, if it is worth doing now. */
  synchronized OptionalInt nextMake(boolean busy) {
    int coming = ready.size() + makingAhead;
    if (free.isEmpty() || coming >= (busy ? Math.min(urgent, target) : target)) {
      return OptionalInt.empty();
    }
    changing++;
    makingAhead++;
    return OptionalInt.of(free.removeFirst());
  }

  synchronized void made(int number) {
    changing--;
    makingAhead--;
    madeAs[number] = ++made;
    ready.addLast(number);
  }

  synchronized void makeFailed(int number) {
    changing--;
    makingAhead--;
    spent.addLast(number);
  }

  synchronized int ready() {
    return ready.size();
  }

  synchronized int used() {
    return used.cardinality();
  }

  /** Whether every number is used by a sandbox, so that waiting does not help. */
  synchronized boolean exhausted() {
    return ready.isEmpty() && free.isEmpty() && spent.isEmpty() && changing == 0;
  }
}
