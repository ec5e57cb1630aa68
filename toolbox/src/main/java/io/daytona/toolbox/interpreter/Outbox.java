package io.daytona.toolbox.interpreter;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way from a worker to a client. One thread puts, another takes. When the client
 * reads more slowly than the code writes, pieces are joined; when it reads nothing at all for a
 * while, it is given up, and the code goes on without it.
 */
final class Outbox {
  /** Frames that wait at most (toolbox protocol §5.2). */
  static final int MAX_FRAMES = 1_024;

  private static final int JOIN_ABOVE = 64;
  private static final int MAX_CHARS = 1 << 20;

  private final Duration patience;
  private final Runnable givenUp;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<ClientFrame> waiting = new ArrayDeque<>();
  private int chars;
  private @Nullable Closing closing;
  private boolean abandoned;

  /**
   * How the socket is closed.
   *
   * @param code close code
   * @param reason text
   */
  record Closing(int code, String reason) {}

  /**
   * @param patience how long a client may read nothing while frames wait
   * @param givenUp called once when it did
   */
  Outbox(Duration patience, Runnable givenUp) {
    this.patience = patience;
    this.givenUp = givenUp;
  }

  /** Adds a frame; waits while too many do. */
  void put(ClientFrame frame) throws InterruptedException {
    lock.lock();
    try {
      if (awaitRoom()) {
        ClientFrame last = waiting.peekLast();
        if (waiting.size() > JOIN_ABOVE && last != null && last.canTake(frame)) {
          waiting.removeLast();
          waiting.add(last.append(frame));
        } else {
          waiting.add(frame);
        }
        chars += frame.size();
        changed.signalAll();
        return;
      }
      if (abandoned) {
        return;
      }
      drop();
    } finally {
      lock.unlock();
    }
    givenUp.run();
  }

  /** Nothing more comes; the first call counts. */
  void finish(int code, String reason) {
    lock.lock();
    try {
      if (closing == null) {
        closing = new Closing(code, reason);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The client is gone: nobody takes any more. */
  void abandon() {
    lock.lock();
    try {
      drop();
    } finally {
      lock.unlock();
    }
  }

  /** The next frame; null when there will be none. */
  @Nullable ClientFrame take() throws InterruptedException {
    lock.lock();
    try {
      while (waiting.isEmpty() && closing == null && !abandoned) {
        changed.await();
      }
      ClientFrame frame = waiting.poll();
      if (frame != null) {
        chars -= frame.size();
        changed.signalAll();
      }
      return frame;
    } finally {
      lock.unlock();
    }
  }

  /** How to close the socket; null when that was not decided here. */
  @Nullable Closing closing() {
    lock.lock();
    try {
      return abandoned ? null : closing;
    } finally {
      lock.unlock();
    }
  }

  private boolean awaitRoom() throws InterruptedException {
    long left = patience.toNanos();
    while (!abandoned && (waiting.size() >= MAX_FRAMES || chars >= MAX_CHARS)) {
      int before = waiting.size();
      left = changed.awaitNanos(left);
      if (waiting.size() < before) {
        left = patience.toNanos();
      }
      if (left <= 0) {
        return false;
      }
    }
    return !abandoned;
  }

  private void drop() {
    abandoned = true;
    waiting.clear();
    chars = 0;
    changed.signalAll();
  }
}
