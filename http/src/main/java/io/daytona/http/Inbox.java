package io.daytona.http;

import io.daytona.http.WebSocket.Message;
import io.daytona.wire.error.DaytonaException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a socket between its connection and its handler, with the memory that they take.
 *
 * <p>One thread adds, one takes.
 */
final class Inbox {
  /** Largest message in bytes. */
  static final long MAX_MESSAGE_BYTES = 16L << 20;

  // What may wait before the peer is not read any more.
  private static final long MAX_WAITING_BYTES = 1L << 20;
  // What a message costs beside its bytes, so that empty ones are not free.
  private static final long MESSAGE_BYTES = 64;

  private final BodyBudget budget;
  private volatile String organization = "";
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private boolean full;
  private boolean ended;
  private @Nullable StringBuilder text;
  private @Nullable ByteArrayOutputStream binary;
  private BodyBudget.Share share;
  private long size;

  Inbox(BodyBudget budget) {
    this.budget = budget;
    this.share = budget.furtherShare(organization);
  }

  /** Tells who the peer is; called before the first message. */
  void organization(String id) {
    organization = id;
  }

  /** A message with the memory it holds. */
  private record Waiting(Message message, long bytes, BodyBudget.Share share) {}

  /** What became of a part of a message. */
  enum Added {
    /** More may come. */
    READ_ON,
    /** {@link #take} tells when more may come. */
    FULL,
    /** The message is too large. */
    TOO_LARGE,
    /** There is no memory for it now. */
    NO_MEMORY
  }

  Added add(String part, boolean last) {
    if (text == null) {
      begin();
      text = new StringBuilder(part.length());
    }
    Added refused = grow(utf8Bytes(part));
    if (refused != Added.READ_ON) {
      return refused;
    }
    text.append(part);
    return last ? finish(new Message.Text(text.toString())) : Added.READ_ON;
  }

  Added add(ByteBuffer part, boolean last) {
    if (binary == null) {
      begin();
      binary = new ByteArrayOutputStream(part.remaining());
    }
    Added refused = grow(part.remaining());
    if (refused != Added.READ_ON) {
      return refused;
    }
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    binary.writeBytes(bytes);
    return last ? finish(new Message.Binary(binary.toByteArray())) : Added.READ_ON;
  }

  /** Only one message of a socket has room for nothing, however many wait. */
  private void begin() {
    lock.lock();
    try {
      share = waiting.isEmpty() ? budget.share(organization) : budget.furtherShare(organization);
    } finally {
      lock.unlock();
    }
  }

  private Added grow(long bytes) {
    size += bytes;
    if (size > MAX_MESSAGE_BYTES) {
      return Added.TOO_LARGE;
    }
    try {
      share.take(bytes);
      return Added.READ_ON;
    } catch (DaytonaException busy) {
      return Added.NO_MEMORY;
    }
  }

  private Added finish(Message message) {
    lock.lock();
    try {
      if (ended) {
        share.close();
      } else {
        long cost = size + MESSAGE_BYTES;
        waiting.add(new Waiting(message, cost, share));
        waitingBytes += cost;
        full = waitingBytes > MAX_WAITING_BYTES;
        changed.signalAll();
      }
      return full ? Added.FULL : Added.READ_ON;
    } finally {
      lock.unlock();
      text = null;
      binary = null;
      size = 0;
      share = budget.furtherShare(organization);
    }
  }

  /**
   * The next message; null when none came in time or none will come.
   *
   * @param readOn runs when the peer is to be read again after {@link Added#FULL}
   */
  @Nullable Message take(Duration timeout, Runnable readOn) throws InterruptedException {
    boolean wasFull;
    Waiting next;
    lock.lockInterruptibly();
    try {
      long nanos = saturated(timeout);
      while (waiting.isEmpty() && !ended && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      next = waiting.poll();
      if (next == null) {
        return null;
      }
      waitingBytes -= next.bytes;
      wasFull = full && waitingBytes <= MAX_WAITING_BYTES;
      full &= !wasFull;
    } finally {
      lock.unlock();
    }
    next.share.close();
    if (wasFull) {
      readOn.run();
    }
    return next.message;
  }

  /** No more messages come; those that wait can still be taken. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives back what nobody will take.
   *
   * @return whether the peer is to be read again after {@link Added#FULL}
   */
  boolean clear() {
    lock.lock();
    try {
      ended = true;
      boolean wasFull = full;
      full = false;
      waiting.forEach(message -> message.share.close());
      waiting.clear();
      return wasFull;
    } finally {
      lock.unlock();
    }
  }

  /** Gives back a message that did not become whole; called by the thread that adds. */
  void dropPart() {
    share.close();
    text = null;
    binary = null;
  }

  private static long saturated(Duration timeout) {
    return timeout.compareTo(Duration.ofDays(365)) > 0 ? Long.MAX_VALUE : timeout.toNanos();
  }

  private static long utf8Bytes(String part) {
    long bytes = part.length();
    for (int at = 0; at < part.length(); at++) {
      char unit = part.charAt(at);
      if (unit >= 0x80) {
        // Each half of a pair stands for two of its four bytes.
        bytes += unit < 0x800 || Character.isSurrogate(unit) ? 1 : 2;
      }
    }
    return bytes;
  }
}
