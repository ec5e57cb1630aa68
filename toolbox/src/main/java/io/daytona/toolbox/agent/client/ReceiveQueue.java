package io.daytona.toolbox.agent.client;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a stream received and nobody has taken yet. Pieces of one channel that are small are joined,
 * so that a program which writes single bytes costs memory by the byte, not by the frame. Not safe
 * for threads: its stream's lock guards it.
 */
final class ReceiveQueue {
  private static final int JOINED = 16_384;

  private final ArrayDeque<Received> done = new ArrayDeque<>(4);
  private byte[] tail = new byte[0];
  private int tailChannel;
  private int tailLength;

  /** Appends bytes. */
  void add(int channel, byte[] bytes) {
    if (tailLength > 0 && (tailChannel != channel || tailLength + bytes.length > JOINED)) {
      seal();
    }
    if (tailLength == 0) {
      tail = bytes;
      tailChannel = channel;
      tailLength = bytes.length;
      return;
    }
    if (tailLength + bytes.length > tail.length) {
      int grown = Math.max(tailLength + bytes.length, Math.min(JOINED, tail.length * 2));
      tail = Arrays.copyOf(tail, grown);
    }
    System.arraycopy(bytes, 0, tail, tailLength, bytes.length);
    tailLength += bytes.length;
  }

  /** Appends the end of a channel or of the stream. */
  void add(Received event) {
    seal();
    done.add(event);
  }

  /** Takes the oldest; null when there is nothing. */
  @Nullable Received poll() {
    if (done.isEmpty()) {
      seal();
    }
    return done.poll();
  }

  /** Forgets everything. */
  void clear() {
    done.clear();
    tail = new byte[0];
    tailLength = 0;
  }

  private void seal() {
    if (tailLength > 0) {
      byte[] bytes = tail.length == tailLength ? tail : Arrays.copyOf(tail, tailLength);
      done.add(new Received.Bytes(tailChannel, bytes));
      tail = new byte[0];
      tailLength = 0;
    }
  }
}
