package io.daytona.toolbox.lsp;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Heap for messages under way, so that no set of sandboxes exhausts it: a part of a larger one, or
 * the whole.
 */
final class MessageMemory {
  private final @Nullable MessageMemory whole;
  private final AtomicLong left;
  private final ReentrantLock large;

  private MessageMemory(@Nullable MessageMemory whole, long bytes, ReentrantLock large) {
    this.whole = whole;
    this.left = new AtomicLong(bytes);
    this.large = large;
  }

  /** What all sandboxes share. */
  static MessageMemory ofAll(long bytes) {
    return new MessageMemory(null, bytes, new ReentrantLock());
  }

  /** What one sandbox may have of it. */
  MessageMemory part(long bytes) {
    return new MessageMemory(this, bytes, large);
  }

  /** Takes bytes, or nothing and false when there are too few. */
  boolean take(long bytes) {
    if (left.addAndGet(-bytes) < 0) {
      left.addAndGet(bytes);
      return false;
    }
    if (whole != null && !whole.take(bytes)) {
      left.addAndGet(bytes);
      return false;
    }
    return true;
  }

  /** Gives bytes back. */
  void give(long bytes) {
    left.addAndGet(bytes);
    if (whole != null) {
      whole.give(bytes);
    }
  }

  /** Held while a large message is parsed, which takes a multiple of its size for a moment. */
  ReentrantLock large() {
    return large;
  }
}
