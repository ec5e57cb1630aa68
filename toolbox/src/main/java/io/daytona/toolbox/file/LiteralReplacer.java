package io.daytona.toolbox.file;

/**
 * Replaces every occurrence of some bytes in a stream by others, left to right, without overlaps.
 * Takes time that grows with the stream only, and memory that grows with the pattern only: bytes
 * held back are always a beginning of the pattern (Knuth, Morris, Pratt).
 */
final class LiteralReplacer {
  private static final int BUFFER = 256 * 1024;

  /** Takes the result. */
  interface Sink {
    /** Takes bytes, which change after the call. */
    void write(byte[] bytes, int offset, int length);
  }

  private final byte[] pattern;
  private final byte[] replacement;
  private final Sink out;
  private final int[] fallback;
  private final byte[] buffer = new byte[BUFFER];
  private int filled;
  private int held;
  private long count;

  /**
   * @param pattern what is replaced, at least one byte
   * @param replacement what takes its place
   * @param out takes the result in large pieces
   */
  LiteralReplacer(byte[] pattern, byte[] replacement, Sink out) {
    this.pattern = pattern;
    this.replacement = replacement;
    this.out = out;
    this.fallback = fallbacks(pattern);
  }

  /** Takes bytes of the stream. */
  void write(byte[] bytes, int offset, int length) {
    int end = offset + length;
    for (int at = offset; at < end; at++) {
      byte next = bytes[at];
      while (held > 0 && pattern[held] != next) {
        int shorter = fallback[held];
        emit(pattern, 0, held - shorter);
        held = shorter;
      }
      if (pattern[held] != next) {
        int from = at;
        while (at + 1 < end && bytes[at + 1] != pattern[0]) {
          at++;
        }
        emit(bytes, from, at + 1 - from);
      } else if (++held == pattern.length) {
        emit(replacement, 0, replacement.length);
        held = 0;
        count++;
      }
    }
  }

  /** Ends the stream; what was held back is no occurrence. */
  void finish() {
    emit(pattern, 0, held);
    held = 0;
    flush();
  }

  /** Occurrences so far. */
  long count() {
    return count;
  }

  private void emit(byte[] bytes, int offset, int length) {
    if (length > buffer.length - filled) {
      flush();
    }
    if (length > buffer.length) {
      out.write(bytes, offset, length);
    } else {
      System.arraycopy(bytes, offset, buffer, filled, length);
      filled += length;
    }
  }

  private void flush() {
    if (filled > 0) {
      out.write(buffer, 0, filled);
      filled = 0;
    }
  }

  /** For each length of a beginning: the longest shorter one that is also its end. */
  private static int[] fallbacks(byte[] pattern) {
    int[] lengths = new int[pattern.length];
    int border = 0;
    for (int at = 1; at < pattern.length - 1; at++) {
      while (border > 0 && pattern[at] != pattern[border]) {
        border = lengths[border];
      }
      if (pattern[at] == pattern[border]) {
        border++;
      }
      lengths[at + 1] = border;
    }
    return lengths;
  }
}
