package io.daytona.toolbox.agent.client;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Direct buffers for connections that move much at the moment; an idle connection holds none. There
 * is a bounded number of them, and a few are kept for the next, because making one costs a page
 * fault for each of its pages.
 */
final class LargeBuffers {
  /** Two of the largest frames. */
  static final int CAPACITY = 2 * (Protocol.MAX_PAYLOAD + Protocol.HEADER);

  private static final int KEPT = 16;
  private static final int MAX_TAKEN = 64;
  private static final ArrayBlockingQueue<ByteBuffer> FREE = new ArrayBlockingQueue<>(KEPT);
  private static final AtomicInteger TAKEN = new AtomicInteger();

  private LargeBuffers() {}

  /** An empty direct buffer of {@link #CAPACITY} bytes, or one on the heap of the size needed. */
  static ByteBuffer take(int needed) {
    if (TAKEN.incrementAndGet() > MAX_TAKEN) {
      TAKEN.decrementAndGet();
      return ByteBuffer.allocate(needed);
    }
    ByteBuffer free = FREE.poll();
    return free == null ? ByteBuffer.allocateDirect(CAPACITY) : free.clear();
  }

  /** Takes back a buffer that nobody uses any more; one on the heap is the collector's. */
  static void give(ByteBuffer buffer) {
    if (buffer.isDirect()) {
      TAKEN.decrementAndGet();
      FREE.offer(buffer);
    }
  }
}
