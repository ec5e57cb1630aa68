package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets a bounded number of creates and starts at the host at once, so that a burst is served one
 * after the other at full speed instead of all at once and slowly.
 */
final class Admission {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private final Semaphore turns;
  private final int places;
  private final AtomicInteger waiting = new AtomicInteger();
  private final int queue;
  private final Duration patience;

  /**
   * @param concurrency how many run at once
   * @param queue how many wait
   * @param patience how long each waits
   */
  Admission(int concurrency, int queue, Duration patience) {
    this.places = concurrency;
    this.turns = new Semaphore(concurrency, true);
    this.queue = queue;
    this.patience = patience;
  }

  /** How full it is now. */
  AdmissionLevel level() {
    return new AdmissionLevel(
        places - turns.availablePermits(), places, Math.min(waiting.get(), queue), queue);
  }

  /** A place at the host; closing it lets the next one in. */
  interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Waits for a place.
   *
   * @throws DaytonaException 503 with {@code Retry-After} when too many wait or the wait is too
   *     long
   */
  Turn await() throws InterruptedException {
    if (!turns.tryAcquire()) {
      queued();
    }
    return turns::release;
  }

  private void queued() throws InterruptedException {
    try {
      if (waiting.incrementAndGet() > queue
          || !turns.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw DaytonaException.unavailable(
            "Too many sandboxes are being started. Try again in a few seconds", RETRY_AFTER);
      }
    } finally {
      waiting.decrementAndGet();
    }
  }
}
