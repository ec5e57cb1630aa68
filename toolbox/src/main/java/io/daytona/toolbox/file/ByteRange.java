package io.daytona.toolbox.file;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a file.
 *
 * @param first offset of its first byte
 * @param length bytes, at least 1
 */
record ByteRange(long first, long length) {
  private static final Pattern ONE =
      Pattern.compile("bytes=\\s*(\\d{0,18})\\s*-\\s*(\\d{0,18})\\s*");

  /** What a {@code Range} header asks for. */
  sealed interface Wanted {
    /** The whole file: no range, a malformed one, or several (which RFC 9110 §14.2 allows). */
    record Whole() implements Wanted {}

    /**
     * One part.
     *
     * @param range the part
     */
    record Part(ByteRange range) implements Wanted {}

    /** A part that the file does not have. */
    record Unsatisfiable() implements Wanted {}
  }

  /** Reads a {@code Range} header against a file's size in bytes. */
  static Wanted of(Optional<String> header, long size) {
    Matcher one = ONE.matcher(header.orElse(""));
    if (!one.matches() || (one.group(1).isEmpty() && one.group(2).isEmpty())) {
      return new Wanted.Whole();
    }
    if (one.group(1).isEmpty()) {
      long length = Math.min(Long.parseLong(one.group(2)), size);
      return length == 0
          ? new Wanted.Unsatisfiable()
          : new Wanted.Part(new ByteRange(size - length, length));
    }
    long first = Long.parseLong(one.group(1));
    long last = one.group(2).isEmpty() ? size - 1 : Long.parseLong(one.group(2));
    if (last < first && !one.group(2).isEmpty()) {
      return new Wanted.Whole();
    }
    if (first >= size) {
      return new Wanted.Unsatisfiable();
    }
    return new Wanted.Part(new ByteRange(first, Math.min(last, size - 1) - first + 1));
  }

  /** Value of {@code Content-Range}. */
  String contentRange(long size) {
    return "bytes " + first + "-" + (first + length - 1) + "/" + size;
  }
}
