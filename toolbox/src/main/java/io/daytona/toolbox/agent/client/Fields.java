package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.PathBytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Fields that came from an agent; their structure is checked, their values are untrusted. */
final class Fields {
  private static final int HEAD = 5;

  private final ByteBuffer bytes;

  private Fields(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Checks the structure of a field list.
   *
   * @throws ProtocolViolation when a length leaves the payload
   */
  static Fields parse(byte[] payload, int offset, int length) throws ProtocolViolation {
    return parse(ByteBuffer.wrap(payload, offset, length).slice());
  }

  private static Fields parse(ByteBuffer bytes) throws ProtocolViolation {
    int at = 0;
    while (at < bytes.limit()) {
      if (bytes.limit() - at < HEAD) {
        throw new ProtocolViolation("a field is cut short");
      }
      int size = bytes.getInt(at + 1);
      if (size < 0 || size > bytes.limit() - at - HEAD) {
        throw new ProtocolViolation("a field claims " + Integer.toUnsignedString(size) + " bytes");
      }
      at += HEAD + size;
    }
    return new Fields(bytes);
  }

  /** A number, or the given value when absent. */
  long number(int tag, long absent) throws ProtocolViolation {
    int at = find(tag, 0);
    if (at < 0) {
      return absent;
    }
    if (size(at) != Long.BYTES) {
      throw new ProtocolViolation("field " + tag + " is not a number");
    }
    return bytes.getLong(at + HEAD);
  }

  /** A number that must be within bounds, or the given value when absent. */
  long number(int tag, long absent, long min, long max) throws ProtocolViolation {
    long value = number(tag, absent);
    if (value < min || value > max) {
      throw new ProtocolViolation("field " + tag + " is " + value);
    }
    return value;
  }

  /** A flag; absent is false. */
  boolean flag(int tag) throws ProtocolViolation {
    return number(tag, 0, 0, 1) == 1;
  }

  /** A string, or an empty one when absent; bytes that are not UTF-8 become U+FFFD. */
  String text(int tag) throws ProtocolViolation {
    int at = find(tag, 0);
    return at < 0 ? "" : text(at, tag);
  }

  /** A path or name, or an empty one when absent; every byte of it is kept. */
  String path(int tag) throws ProtocolViolation {
    int at = find(tag, 0);
    return at < 0 ? "" : PathBytes.decode(value(at, tag));
  }

  /** All strings of a tag. */
  List<String> texts(int tag) throws ProtocolViolation {
    List<String> all = new ArrayList<>();
    for (int at = find(tag, 0); at >= 0; at = find(tag, at + HEAD + size(at))) {
      all.add(text(at, tag));
    }
    return all;
  }

  /** All nested field lists of a tag. */
  List<Fields> nested(int tag) throws ProtocolViolation {
    List<Fields> all = new ArrayList<>();
    for (int at = find(tag, 0); at >= 0; at = find(tag, at + HEAD + size(at))) {
      all.add(parse(bytes.slice(at + HEAD, size(at))));
    }
    return all;
  }

  private String text(int at, int tag) throws ProtocolViolation {
    return new String(value(at, tag), StandardCharsets.UTF_8);
  }

  private byte[] value(int at, int tag) throws ProtocolViolation {
    byte[] value = new byte[size(at)];
    bytes.get(at + HEAD, value);
    for (byte b : value) {
      if (b == 0) {
        throw new ProtocolViolation("field " + tag + " holds a NUL");
      }
    }
    return value;
  }

  private int find(int tag, int from) {
    int at = from;
    while (at < bytes.limit()) {
      if (Byte.toUnsignedInt(bytes.get(at)) == tag) {
        return at;
      }
      at += HEAD + size(at);
    }
    return -1;
  }

  private int size(int at) {
    return bytes.getInt(at + 1);
  }
}
