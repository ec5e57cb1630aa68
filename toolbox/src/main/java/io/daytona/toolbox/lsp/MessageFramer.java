package io.daytona.toolbox.lsp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts the output of a language server into messages (Language Server Protocol, base protocol).
 * Memory grows with what has arrived, never with what a header promises. Used by one thread.
 */
final class MessageFramer implements AutoCloseable {
  /** Takes one message. */
  interface Sink {
    /** Takes the JSON of a message. */
    void message(byte[] body) throws LspViolation;
  }

  /** Messages up to this size count towards no shared memory. */
  static final int SMALL = 64 << 10;

  private static final int MAX_HEADER = 8 << 10;
  private static final byte[] NONE = {};

  /** What a program printed before the header without a line's end does no harm. */
  private static final Pattern LENGTH =
      Pattern.compile("content-length:\\s*(\\d{1,18})\\s*$", Pattern.CASE_INSENSITIVE);

  private final int limit;
  private final MessageMemory memory;
  private final StringBuilder line = new StringBuilder();
  private int headerBytes;
  private int length = -1;
  private boolean inBody;
  private byte[] body = NONE;
  private int filled;
  private long taken;

  /**
   * @param limit bytes of one message
   * @param memory where large messages come from
   */
  MessageFramer(int limit, MessageMemory memory) {
    this.limit = limit;
    this.memory = memory;
  }

  /** Whether a message has begun and not ended. */
  boolean isPartial() {
    return inBody || headerBytes > 0;
  }

  /** Takes output. */
  void accept(byte[] bytes, Sink sink) throws LspViolation {
    int at = 0;
    while (at < bytes.length) {
      if (inBody) {
        at += fill(bytes, at);
      } else {
        header(bytes[at++]);
      }
      if (inBody && filled == length) {
        finish(sink);
      }
    }
  }

  /** Gives back what a partial message took. */
  @Override
  public void close() {
    body = NONE;
    memory.give(taken);
    taken = 0;
  }

  private void header(byte next) throws LspViolation {
    if (++headerBytes > MAX_HEADER) {
      throw new LspViolation("wrote something else than messages of its protocol");
    }
    if (next != '\n') {
      line.append((char) Byte.toUnsignedInt(next));
      return;
    }
    String text = line.toString().strip();
    line.setLength(0);
    if (!text.isEmpty()) {
      Matcher found = LENGTH.matcher(text);
      length = found.find() ? length(Long.parseLong(found.group(1))) : length;
    } else if (length >= 0) {
      inBody = true;
      filled = 0;
      body = new byte[Math.min(length, SMALL)];
    }
  }

  private int length(long announced) throws LspViolation {
    if (announced > limit) {
      throw new LspViolation(
          "announced a message of " + announced + " bytes; at most " + limit + " are read");
    }
    return (int) announced;
  }

  private int fill(byte[] bytes, int at) throws LspViolation {
    if (filled == body.length && filled < length) {
      grow();
    }
    int count = Math.min(body.length - filled, bytes.length - at);
    System.arraycopy(bytes, at, body, filled, count);
    filled += count;
    return count;
  }

  private void grow() throws LspViolation {
    int larger = (int) Math.min(length, body.length * 2L);
    int more = larger - body.length;
    if (!memory.take(more)) {
      throw new LspViolation("wrote more in large messages than is held at a time");
    }
    taken += more;
    body = Arrays.copyOf(body, larger);
  }

  private void finish(Sink sink) throws LspViolation {
    byte[] whole = body;
    inBody = false;
    headerBytes = 0;
    length = -1;
    body = NONE;
    try {
      sink.message(whole);
    } finally {
      close();
    }
  }

  /**
   * The number of JSON values in a text, at most; what a parser makes of a text depends on it more
   * than on its length.
   */
  static int values(byte[] json) {
    int values = 1;
    boolean quoted = false;
    for (int i = 0; i < json.length; i++) {
      byte next = json[i];
      if (quoted) {
        if (next == '\\') {
          i++;
        } else if (next == '"') {
          quoted = false;
        }
      } else if (next == '"') {
        quoted = true;
      } else if (next == '[' || next == '{' || next == ',') {
        values++;
      }
    }
    return values;
  }

  /** A message with its header. */
  static byte[] frame(String json) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    byte[] header =
        ("Content-Length: " + text.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(header, header.length + text.length);
    System.arraycopy(text, 0, all, header.length, text.length);
    return all;
  }
}
