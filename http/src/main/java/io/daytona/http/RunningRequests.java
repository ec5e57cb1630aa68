package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The requests of a listener that are being served, and whether new ones are let in. */
final class RunningRequests {
  private final int max;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int count;
  private boolean draining;
  private boolean hurried;
  private @Nullable String pass;

  /**
   * @param max requests at once
   */
  RunningRequests(int max) {
    this.max = max;
  }

  /**
   * Lets a request in.
   *
   * @param presented the pass it shows, null without one
   * @return why not; null when it was let in
   */
  @Nullable DaytonaException enter(@Nullable String presented) {
    lock.lock();
    try {
      if (draining && !passes(presented)) {
        return DaytonaException.unavailable("The server is stopping.", Duration.ofSeconds(2));
      }
      if (count >= max) {
        return DaytonaException.unavailable(
            "The server is busy with " + max + " requests; try again shortly.",
            Duration.ofSeconds(1));
      }
      count++;
      return null;
    } finally {
      lock.unlock();
    }
  }

  private boolean passes(@Nullable String presented) {
    return pass != null
        && presented != null
        && MessageDigest.isEqual(
            pass.getBytes(StandardCharsets.UTF_8), presented.getBytes(StandardCharsets.UTF_8));
  }

  /** A request has ended. */
  void leave() {
    lock.lock();
    try {
      count--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  int count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  boolean draining() {
    lock.lock();
    try {
      return draining;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses new requests.
   *
   * @param exempt what those show that are let in nevertheless; null: none is
   */
  void refuse(@Nullable String exempt) {
    lock.lock();
    try {
      draining = true;
      pass = exempt;
    } finally {
      lock.unlock();
    }
  }

  /** Lets requests in again. */
  void admit() {
    lock.lock();
    try {
      draining = false;
      pass = null;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until all have ended, no longer than asked and not when told to hurry. */
  void await(Duration patience) {
    lock.lock();
    try {
      long nanos = patience.toNanos();
      while (count > 0 && nanos > 0 && !hurried) {
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Whoever waits for the end waits no more. */
  void hurry() {
    lock.lock();
    try {
      hurried = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
