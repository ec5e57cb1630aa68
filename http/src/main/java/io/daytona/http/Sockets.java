package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The WebSockets of one listener, from the request for the upgrade to the end of the handler. */
final class Sockets {
  private final int max;
  private final Duration messageTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition left = lock.newCondition();
  private final Set<SocketExchange> all = new HashSet<>();
  private boolean stopping;
  private boolean hurried;

  /**
   * @param max sockets at once
   * @param messageTime how long a peer may take for one message
   */
  Sockets(int max, Duration messageTime) {
    this.max = max;
    this.messageTime = messageTime;
  }

  Duration messageTime() {
    return messageTime;
  }

  /**
   * Counts a socket.
   *
   * @throws DaytonaException 503 when there are too many or the server stops
   */
  void enter(SocketExchange socket) {
    lock.lock();
    try {
      if (stopping) {
        throw DaytonaException.unavailable("The server is stopping.", Duration.ofSeconds(2));
      }
      if (all.size() >= max) {
        throw DaytonaException.unavailable(
            "The server is busy with " + max + " WebSockets; try again shortly.",
            Duration.ofSeconds(1));
      }
      all.add(socket);
    } finally {
      lock.unlock();
    }
  }

  int open() {
    lock.lock();
    try {
      return all.size();
    } finally {
      lock.unlock();
    }
  }

  void leave(SocketExchange socket) {
    lock.lock();
    try {
      all.remove(socket);
      left.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses new sockets and closes the open ones with 1001. */
  void stop() {
    for (SocketExchange socket : stopped()) {
      socket.close(WebSocket.GOING_AWAY, "The server is stopping.");
    }
  }

  private List<SocketExchange> stopped() {
    lock.lock();
    try {
      stopping = true;
      return List.copyOf(all);
    } finally {
      lock.unlock();
    }
  }

  /** Takes sockets again. */
  void resume() {
    lock.lock();
    try {
      stopping = false;
    } finally {
      lock.unlock();
    }
  }

  /** Whoever waits for the handlers waits no more. */
  void hurry() {
    lock.lock();
    try {
      hurried = true;
      left.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the handlers, no longer than asked, then interrupts them. */
  void await(Duration patience) {
    lock.lock();
    try {
      long nanos = patience.toNanos();
      while (!all.isEmpty() && nanos > 0 && !hurried) {
        nanos = left.awaitNanos(nanos);
      }
      all.forEach(SocketExchange::abort);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
