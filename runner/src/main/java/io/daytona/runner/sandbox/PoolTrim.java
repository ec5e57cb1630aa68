package io.daytona.runner.sandbox;

import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives what running sandboxes have deleted back to the pool once that has less than a fifth free.
 *
 * <p>An image of a disk keeps its blocks until its file system is asked which are free.
 */
final class PoolTrim implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PoolTrim.class);
  private static final int BELOW_PERCENT = 20;
  private static final Duration LOOK = Duration.ofSeconds(2);

  /** For one sandbox: asking costs its disk some work. */
  private static final Duration REST = Duration.ofSeconds(30);

  private final Host host;
  private final PoolLevel level;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, Long> trimmed = new HashMap<>();
  private final Thread thread;

  PoolTrim(Host host, PoolLevel level) {
    this.host = host;
    this.level = level;
    this.thread = Thread.ofVirtual().name("pool-trim").start(this::run);
  }

  private void run() {
    try {
      while (!closing.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          look();
        } catch (JailerException | DaytonaException e) {
          LOG.debug("the pool was not looked at", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    var hello = level.current();
    if (hello.poolFreeKib() >= hello.poolTotalKib() / 100 * BELOW_PERCENT) {
      trimmed.clear();
      return;
    }
    long now = System.nanoTime();
    trimmed.values().removeIf(at -> now - at > REST.toNanos());
    for (LiveSandbox live : host.table().allLive()) {
      if (closing.getCount() > 0 && !live.ending() && trimmed.putIfAbsent(live.id(), now) == null) {
        trim(live.id());
      }
    }
  }

  private void trim(String id) {
    try {
      host.jailer().trim(id);
    } catch (JailerException e) {
      if (e.code() != JailerCode.ABSENT) {
        LOG.warn("the disk of sandbox {} gives nothing back: {}", id, e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    closing.countDown();
    thread.interrupt();
  }
}
