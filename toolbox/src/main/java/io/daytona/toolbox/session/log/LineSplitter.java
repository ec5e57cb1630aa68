package io.daytona.toolbox.session.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Makes line records of two channels of bytes (toolbox protocol §3.4): a partial line is held until
 * its newline comes or the output ends, when it gets one. Only {@value #HELD} bytes of a line are
 * held; a longer one is given in pieces.
 */
public final class LineSplitter {
  private static final int HELD = 65_536;
  private static final byte[] NEWLINE = {'\n'};

  private final Deque<LogRecord> ready = new ArrayDeque<>();
  private final Partial[] partial = {new Partial(), new Partial()};

  /** The beginning of a line whose end has not been seen. */
  private static final class Partial {
    private byte[] bytes = new byte[0];
    private int length;
    private boolean begun;
  }

  /** Whether {@link #poll} has nothing to give. */
  public boolean isEmpty() {
    return ready.isEmpty();
  }

  /** Bytes held of a channel's line whose end has not been seen. */
  public int held(int channel) {
    return partial[channel - 1].length;
  }

  /** The next record; null when there is none now. */
  public @Nullable LogRecord poll() {
    return ready.poll();
  }

  /** Takes bytes, which must not change any more. */
  public void add(int channel, byte[] bytes, int length) {
    Partial line = partial[channel - 1];
    int from = 0;
    for (int at = 0; at < length; at++) {
      if (bytes[at] == '\n') {
        endLine(channel, line, bytes, from, at + 1);
        from = at + 1;
      }
    }
    if (from < length) {
      hold(channel, line, bytes, from, length);
    }
  }

  /** Gives out what is held, as whole lines. */
  public void finish() {
    for (int channel = 1; channel <= partial.length; channel++) {
      Partial line = partial[channel - 1];
      if (line.length > 0 || line.begun) {
        endLine(channel, line, NEWLINE, 0, 1);
      }
    }
  }

  /** Says in the log that some of it is missing; as an error, so that data stays data. */
  public void gap(long bytes) {
    finish();
    String note = "[... " + bytes + " bytes of output left out ...]\n";
    ready.add(LogRecord.of(LogRecord.STDERR, note.getBytes(StandardCharsets.US_ASCII)));
  }

  private void endLine(int channel, Partial line, byte[] bytes, int from, int to) {
    if (line.length == 0) {
      ready.add(new LogRecord(channel, bytes, from, to - from));
    } else {
      append(line, bytes, from, to);
      release(channel, line);
    }
    line.begun = false;
  }

  private void hold(int channel, Partial line, byte[] bytes, int from, int to) {
    append(line, bytes, from, to);
    if (line.length >= HELD) {
      release(channel, line);
      line.begun = true;
    }
  }

  private static void append(Partial line, byte[] bytes, int from, int to) {
    int needed = line.length + to - from;
    if (needed > line.bytes.length) {
      line.bytes = Arrays.copyOf(line.bytes, Math.max(needed, line.bytes.length * 2));
    }
    System.arraycopy(bytes, from, line.bytes, line.length, to - from);
    line.length = needed;
  }

  private void release(int channel, Partial line) {
    ready.add(new LogRecord(channel, line.bytes, 0, line.length));
    line.bytes = new byte[0];
    line.length = 0;
  }
}
