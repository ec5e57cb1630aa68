package io.daytona.toolbox.session.log;

import java.io.IOException;

/**
 * Packs records into WebSocket frames of at most {@value #MAX} bytes (toolbox protocol §3.5): whole
 * lines, each behind its marker; a longer line is cut between characters, and every piece begins
 * with the marker, because some clients look at each frame alone.
 */
public final class LogFrames {
  /** Bytes of the largest frame. */
  public static final int MAX = 1_024;

  private static final int LONGEST_CHARACTER = 4;

  private final Target target;
  private final boolean marked;
  private final byte[] frame = new byte[MAX];
  private int size;

  /** Takes frames. */
  @FunctionalInterface
  public interface Target {
    /** Sends one; the bytes may change after it returns. */
    void send(byte[] bytes, int offset, int length) throws IOException, InterruptedException;
  }

  /**
   * @param target takes the frames
   * @param marked whether lines have markers
   */
  public LogFrames(Target target, boolean marked) {
    this.target = target;
    this.marked = marked;
  }

  /** Adds a record; sends frames that are full. */
  public void add(LogRecord line) throws IOException, InterruptedException {
    byte[] marker = marked ? LogEncoder.marker(line.channel()) : new byte[0];
    if (size + marker.length + line.length() > MAX) {
      flush();
    }
    int at = line.offset();
    int end = at + line.length();
    while (at < end) {
      int n = piece(line.bytes(), at, end, MAX - marker.length);
      put(marker, 0, marker.length);
      put(line.bytes(), at, n);
      at += n;
      if (at < end) {
        flush();
      }
    }
  }

  /** Sends what was gathered. */
  public void flush() throws IOException, InterruptedException {
    if (size > 0) {
      target.send(frame, 0, size);
      size = 0;
    }
  }

  private void put(byte[] bytes, int from, int n) {
    System.arraycopy(bytes, from, frame, size, n);
    size += n;
  }

  private static int piece(byte[] bytes, int from, int end, int room) {
    if (end - from <= room) {
      return end - from;
    }
    for (int n = room; n > room - LONGEST_CHARACTER; n--) {
      if ((bytes[from + n] & 0xc0) != 0x80) {
        return n;
      }
    }
    return room;
  }
}
