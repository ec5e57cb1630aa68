package io.daytona.server;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the host the memory back that the heap took for a load that is over.
 *
 * <p>This collector returns memory only after a collection of everything, and an idle server never
 * needs one. A time without any collection is one in which next to nothing was allocated: nobody
 * waits for the few dozen milliseconds that one takes then.
 */
final class IdleHeap implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IdleHeap.class);
  private static final Duration IDLE = Duration.ofMinutes(1);

  /** Bytes of a heap that are worth no collection. */
  private static final long SMALL = 80L << 20;

  private final long small;
  private long collections = collections();
  private long returnedAt = -1;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("idle-heap").daemon().factory());

  /** Looks once a minute. */
  IdleHeap() {
    this(IDLE, SMALL);
  }

  /**
   * @param every time between two looks, and how long nothing was collected
   * @param small bytes of a heap that is left as it is
   */
  IdleHeap(Duration every, long small) {
    this.small = small;
    long nanos = every.toNanos();
    var _ = clock.scheduleWithFixedDelay(this::look, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void look() {
    long before = collections;
    collections = collections();
    // Once is enough: what stays after it is in use.
    if (collections != before || collections == returnedAt || committed() <= small) {
      return;
    }
    long from = committed();
    long began = System.nanoTime();
    System.gc();
    LOG.debug(
        "idle: the heap went from {} to {} MiB in {} ms",
        from >> 20,
        committed() >> 20,
        (System.nanoTime() - began) / 1_000_000);
    collections = collections();
    returnedAt = collections;
  }

  private static long committed() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
