package io.daytona.toolbox.process;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * The output of a command, kept in memory within a limit. Beyond it the first half of the limit and
 * the newest half are kept, with one line between them that says how much is missing: a program's
 * beginning and its last error are what people look for. Used by one thread.
 */
final class OutputCapture implements AutoCloseable {
  /** Small pieces are gathered, so that a program which writes single bytes costs no more. */
  private static final int BLOCK = 8_192;

  /** Kept whatever others keep: a few lines are never left out for another's flood. */
  private static final int FREE = 2 * BLOCK;

  private final long half;
  private final OutputBudget budget;
  private final List<byte[]> head = new ArrayList<>();
  private final Deque<byte[]> tail = new ArrayDeque<>();
  private long headBytes;
  private long tailBytes;
  private long leftOut;
  private boolean headFull;
  private byte[] block = new byte[0];
  private int blockBytes;

  /**
   * @param limit bytes kept at most
   * @param budget what all captures share
   */
  OutputCapture(long limit, OutputBudget budget) {
    this.half = limit / 2;
    this.budget = budget;
  }

  /** Keeps bytes, which become this object's own. */
  void add(byte[] bytes) {
    if (blockBytes + bytes.length > BLOCK) {
      seal();
    }
    if (bytes.length >= BLOCK / 2) {
      seal();
      keep(bytes);
      return;
    }
    if (blockBytes + bytes.length > block.length) {
      int grown = Math.max(blockBytes + bytes.length, block.length * 2);
      block = Arrays.copyOf(block, Math.min(BLOCK, grown));
    }
    System.arraycopy(bytes, 0, block, blockBytes, bytes.length);
    blockBytes += bytes.length;
  }

  private void seal() {
    if (blockBytes > 0) {
      keep(Arrays.copyOf(block, blockBytes));
      block = new byte[0];
      blockBytes = 0;
    }
  }

  private void keep(byte[] bytes) {
    if (!headFull) {
      if (headBytes + bytes.length <= half && charge(bytes.length)) {
        head.add(bytes);
        headBytes += bytes.length;
        return;
      }
      headFull = true;
    }
    while (!tail.isEmpty() && tailBytes + bytes.length > half) {
      dropOldest();
    }
    while (!charge(bytes.length)) {
      if (tail.isEmpty()) {
        leftOut += bytes.length;
        return;
      }
      dropOldest();
    }
    tail.add(bytes);
    tailBytes += bytes.length;
  }

  /** Takes room for bytes beside what is kept, or nothing and false. */
  private boolean charge(int bytes) {
    long kept = headBytes + tailBytes;
    long more = charged(kept + bytes) - charged(kept);
    return more == 0 || budget.takeLeavingShare(more, charged(kept));
  }

  private static long charged(long kept) {
    return Math.max(0, kept - FREE);
  }

  /** What was kept, from its beginning. */
  InputStream read() {
    seal();
    List<InputStream> parts = new ArrayList<>(head.size() + tail.size() + 1);
    head.forEach(bytes -> parts.add(new ByteArrayInputStream(bytes)));
    parts.add(new ByteArrayInputStream(gap()));
    tail.forEach(bytes -> parts.add(new ByteArrayInputStream(bytes)));
    return new SequenceInputStream(Collections.enumeration(parts));
  }

  /** At most so many bytes of its end. */
  byte[] last(int bytes) {
    seal();
    ByteArrayOutputStream last = new ByteArrayOutputStream();
    Deque<byte[]> pieces = new ArrayDeque<>();
    int found = 0;
    for (Deque<byte[]> held : List.of(tail, new ArrayDeque<>(head))) {
      for (Iterator<byte[]> all = held.descendingIterator(); all.hasNext() && found < bytes; ) {
        pieces.push(all.next());
        found += pieces.element().length;
      }
    }
    pieces.forEach(last::writeBytes);
    byte[] result = last.toByteArray();
    return Arrays.copyOfRange(result, Math.max(0, result.length - bytes), result.length);
  }

  /** Lets go of the memory. */
  @Override
  public void close() {
    budget.give(charged(headBytes + tailBytes));
    head.clear();
    tail.clear();
    headBytes = 0;
    tailBytes = 0;
  }

  private byte[] gap() {
    return leftOut == 0
        ? new byte[0]
        : ("\n[... " + leftOut + " bytes of output left out ...]\n")
            .getBytes(StandardCharsets.US_ASCII);
  }

  private void dropOldest() {
    byte[] oldest = tail.remove();
    long before = charged(headBytes + tailBytes);
    tailBytes -= oldest.length;
    leftOut += oldest.length;
    budget.give(before - charged(headBytes + tailBytes));
  }
}
