package io.daytona.toolbox.terminal;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Looks now and then at the clients of all terminals for those that do not read. One thread for
 * all, and none while there are no clients.
 */
final class SlowConsumers {
  private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition never = lock.newCondition();
  private final Set<Consumer> consumers = new HashSet<>();
  private boolean looking;

  /** What is looked at. */
  interface Consumer {
    /** Does what is to be done about it; must not block. */
    void look();
  }

  void add(Consumer consumer) {
    lock.lock();
    try {
      consumers.add(consumer);
      if (!looking) {
        looking = true;
        Thread.ofVirtual().name("slow-consumers").start(this::lookOn);
      }
    } finally {
      lock.unlock();
    }
  }

  void remove(Consumer consumer) {
    lock.lock();
    try {
      consumers.remove(consumer);
    } finally {
      lock.unlock();
    }
  }

  private void lookOn() {
    lock.lock();
    try {
      while (!consumers.isEmpty()) {
        long left = INTERVAL_NANOS;
        while (left > 0) {
          left = never.awaitNanos(left);
        }
        consumers.forEach(Consumer::look);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      looking = false;
      lock.unlock();
    }
  }
}
