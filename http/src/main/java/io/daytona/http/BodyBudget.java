package io.daytona.http;

import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.admission.Level;
import io.daytona.wire.admission.Limits;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;

/**
 * Memory that all JSON bodies of a listener, or all messages of its WebSockets, may take at once,
 * so that many large ones wait or are refused instead of ending the process. Small ones are always
 * taken, and no organization has all of it: those who hold the budget cannot keep the others out.
 */
final class BodyBudget {
  private static final int PARTS_OF_HEAP = 8;

  // Times the number of requests or sockets at once, another eighth of the smallest heap.
  private static final long FREE_BYTES = 8L << 10;

  private final Bulkhead room;
  private final long freeBytes;

  /**
   * @param room bytes of all shares together
   * @param freeBytes of each share that do not count
   */
  BodyBudget(Bulkhead room, long freeBytes) {
    this.room = room;
    this.freeBytes = freeBytes;
  }

  /**
   * An eighth of the heap.
   *
   * @param name its name in metrics
   * @param what what there may be too many of
   * @param percent of it that one organization may have
   * @param queue bodies that wait for it
   * @param patience how long each waits
   */
  static BodyBudget ofHeap(String name, String what, int percent, int queue, Duration patience) {
    long bytes = Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP;
    return new BodyBudget(
        new Bulkhead(name, what, Limits.of(bytes, queue, patience, percent)), FREE_BYTES);
  }

  /** How full it is. */
  Level level() {
    return room.level();
  }

  /** A request's part, empty at first. */
  Share share(String organization) {
    return new Share(organization, freeBytes);
  }

  /** The same where every byte counts, for whoever holds another share. */
  Share furtherShare(String organization) {
    return new Share(organization, 0);
  }

  /** What one request has taken. */
  final class Share implements AutoCloseable {
    private final String organization;
    private final Bulkhead.Hold hold;
    private long free;
    private long ahead;

    private Share(String organization, long free) {
      this.organization = organization;
      this.hold = room.hold(organization);
      this.free = free;
    }

    /**
     * Takes more without waiting.
     *
     * @throws DaytonaException 503 or 429 when all of it is in use
     */
    void take(long more) {
      long counted = counted(more);
      if (counted > 0 && !hold.tryTake(counted)) {
        throw room.full(organization);
      }
      free -= more - counted;
    }

    /**
     * Takes more, waiting for it. Whoever waits holds nothing that others wait for: with the first
     * bytes that count all that may follow is taken.
     *
     * @param most bytes that may come yet, these included
     * @param caller who waits
     * @throws DaytonaException 503 or 429 when it did not come in time
     */
    void take(long more, long most, Bulkhead.Caller caller) throws InterruptedException {
      long counted = counted(more);
      if (counted > ahead) {
        long wanted = Math.max(counted, most - (more - counted)) - ahead;
        hold.take(wanted, caller);
        ahead += wanted;
      }
      ahead -= counted;
      free -= more - counted;
    }

    /** Nothing more comes: gives back what was taken ahead. */
    void complete() {
      hold.give(ahead);
      ahead = 0;
    }

    private long counted(long more) {
      return Math.max(0, more - free);
    }

    @Override
    public void close() {
      hold.close();
      ahead = 0;
    }
  }
}
