package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory that all JSON bodies of a listener may take at once, so that many large ones are refused
 * instead of ending the process.
 */
final class BodyBudget {
  private static final int PARTS_OF_HEAP = 8;

  private final long bytes;
  private final AtomicLong used = new AtomicLong();

  BodyBudget(long bytes) {
    this.bytes = bytes;
  }

  /** An eighth of the heap. */
  static BodyBudget ofHeap() {
    return new BodyBudget(Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP);
  }

  /** A request's part, empty at first. */
  Share share() {
    return new Share();
  }

  /** What one request has taken. */
  final class Share implements AutoCloseable {
    private long taken;

    /**
     * Takes more.
     *
     * @throws DaytonaException 503 when all of it is in use
     */
    void take(long more) {
      if (used.addAndGet(more) > bytes) {
        used.addAndGet(-more);
        throw DaytonaException.unavailable(
            "The server is busy with large request bodies; try again shortly.",
            Duration.ofSeconds(1));
      }
      taken += more;
    }

    @Override
    public void close() {
      used.addAndGet(-taken);
      taken = 0;
    }
  }
}
