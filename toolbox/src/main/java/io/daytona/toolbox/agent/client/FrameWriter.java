package io.daytona.toolbox.agent.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Collects frames of many threads and writes them with few system calls.
 *
 * <p>Callers copy frames into a bounded buffer; one thread writes whatever has gathered there. The
 * callers never touch the channel: interrupting one of them would close it for everybody.
 */
final class FrameWriter {
  private static final int LIMIT = LargeBuffers.CAPACITY;
  private static final int SMALL = 2_048;
  private static final int MEDIUM = 65_536;

  /** How long large buffers are kept without work. */
  private static final long IDLE_NANOS = 1_000_000_000L;

  private final WritableByteChannel channel;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition space = lock.newCondition();
  private ByteBuffer filling = ByteBuffer.allocate(SMALL);
  private boolean closed;

  FrameWriter(WritableByteChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes a frame; waits while the buffer is full.
   *
   * @return false when the writer is closed
   */
  boolean put(int type, int channelNumber, int stream, byte[] payload, int offset, int length) {
    lock.lock();
    try {
      while (!closed && !fits(length)) {
        space.awaitUninterruptibly();
      }
      return !closed && append(type, channelNumber, stream, payload, offset, length);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes a frame without ever waiting.
   *
   * @return false when the buffer is full or the writer closed
   */
  boolean offer(int type, int channelNumber, int stream, byte[] payload) {
    lock.lock();
    try {
      return !closed
          && fits(payload.length)
          && append(type, channelNumber, stream, payload, 0, payload.length);
    } finally {
      lock.unlock();
    }
  }

  /** Writes until closed or the channel breaks. */
  void run() throws IOException {
    ByteBuffer writing = ByteBuffer.allocate(SMALL);
    try {
      while (true) {
        lock.lock();
        try {
          writing = awaitWork(writing);
          if (closed) {
            return;
          }
          ByteBuffer full = filling;
          filling = writing;
          writing = full;
          space.signalAll();
        } finally {
          lock.unlock();
        }
        writing.flip();
        while (writing.hasRemaining()) {
          channel.write(writing);
        }
        writing.clear();
      }
    } finally {
      close();
      LargeBuffers.give(writing);
    }
  }

  /** Waits for a frame; swaps large buffers for small ones when none comes for a while. */
  private ByteBuffer awaitWork(ByteBuffer writing) throws IOException {
    ByteBuffer spare = writing;
    try {
      while (!closed && filling.position() == 0) {
        if (filling.capacity() == SMALL && spare.capacity() == SMALL) {
          work.awaitUninterruptibly();
        } else if (work.awaitNanos(IDLE_NANOS) <= 0 && filling.position() == 0) {
          LargeBuffers.give(spare);
          spare = ByteBuffer.allocate(SMALL);
          shrink();
        }
      }
      return spare;
    } catch (InterruptedException e) {
      throw new IOException("the writer was interrupted", e);
    }
  }

  /** Stops {@link #run} and fails everything waiting. */
  void close() {
    lock.lock();
    try {
      closed = true;
      shrink();
      work.signalAll();
      space.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean fits(int length) {
    return filling.position() == 0 || filling.position() + Protocol.HEADER + length <= LIMIT;
  }

  private boolean append(
      int type, int channelNumber, int stream, byte[] payload, int offset, int length) {
    boolean wasEmpty = filling.position() == 0;
    grow(Protocol.HEADER + length);
    filling.putInt(length);
    filling.put((byte) type).put((byte) channelNumber).putShort((short) 0);
    filling.putInt(stream);
    filling.put(payload, offset, length);
    if (wasEmpty) {
      work.signal();
    }
    return true;
  }

  private void grow(int more) {
    if (filling.remaining() < more) {
      int needed = filling.position() + more;
      ByteBuffer larger =
          needed <= MEDIUM
              ? ByteBuffer.allocate(Math.min(MEDIUM, Math.max(needed, filling.capacity() * 2)))
              : LargeBuffers.take(needed);
      ByteBuffer old = filling;
      filling = larger.put(old.flip());
      LargeBuffers.give(old);
    }
  }

  private void shrink() {
    LargeBuffers.give(filling);
    filling = ByteBuffer.allocate(SMALL);
  }
}
