package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory that all JSON bodies of a listener, or all messages of its WebSockets, may take at once,
 * so that many large ones are refused instead of ending the process. Small ones are always taken:
 * those who hold the budget cannot keep the others out.
 */
final class BodyBudget {
  private static final int PARTS_OF_HEAP = 8;

  // Times the number of requests or sockets at once, another eighth of the smallest heap.
  private static final long FREE_BYTES = 8L << 10;

  private final long bytes;
  private final long freeBytes;
  private final AtomicLong used = new AtomicLong();

  /**
   * @param bytes of all shares together
   * @param freeBytes of each share that do not count
   */
  BodyBudget(long bytes, long freeBytes) {
    this.bytes = bytes;
    this.freeBytes = freeBytes;
  }

  /** An eighth of the heap. */
  static BodyBudget ofHeap() {
    return new BodyBudget(Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP, FREE_BYTES);
  }

  /** A request's part, empty at first. */
  Share share() {
    return new Share(freeBytes);
  }

  /** The same where every byte counts, for whoever holds another share. */
  Share furtherShare() {
    return new Share(0);
  }

  /** What one request has taken. */
  final class Share implements AutoCloseable {
    private long taken;
    private long free;

    private Share(long free) {
      this.free = free;
    }

    /**
     * Takes more.
     *
     * @throws DaytonaException 503 when all of it is in use
     */
    void take(long more) {
      long counted = Math.max(0, more - free);
      if (counted > 0 && used.addAndGet(counted) > bytes) {
        used.addAndGet(-counted);
        throw DaytonaException.unavailable(
            "The server is busy with large request bodies; try again shortly.",
            Duration.ofSeconds(1));
      }
      free -= more - counted;
      taken += counted;
    }

    @Override
    public void close() {
      used.addAndGet(-taken);
      taken = 0;
    }
  }
}
