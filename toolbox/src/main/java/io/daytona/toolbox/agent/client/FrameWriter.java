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
  private static final int LIMIT = 2 * (Protocol.MAX_PAYLOAD + Protocol.HEADER);
  private static final int SMALL = 2_048;
  private static final int KEPT_WHEN_IDLE = 65_536;

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
    while (true) {
      lock.lock();
      try {
        while (!closed && filling.position() == 0) {
          if (filling.capacity() > KEPT_WHEN_IDLE) {
            filling = ByteBuffer.allocate(SMALL);
          }
          if (writing.capacity() > KEPT_WHEN_IDLE) {
            writing = ByteBuffer.allocate(SMALL);
          }
          work.awaitUninterruptibly();
        }
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
  }

  /** Stops {@link #run} and fails everything waiting. */
  void close() {
    lock.lock();
    try {
      closed = true;
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
    int needed = filling.position() + more;
    if (needed > filling.capacity()) {
      int capacity = Math.min(LIMIT, Math.max(needed, filling.capacity() * 2));
      filling = ByteBuffer.allocate(capacity).put(filling.flip());
    }
  }
}
