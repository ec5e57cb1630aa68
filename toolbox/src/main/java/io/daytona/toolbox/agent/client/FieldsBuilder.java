package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.PathBytes;
import java.io.ByteArrayOutputStream;
import java.util.Map;

/** Composes the fields of a frame that goes to the agent. */
final class FieldsBuilder {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  /** A request of a verb. */
  static FieldsBuilder verb(String verb) {
    return new FieldsBuilder().text(Tag.VERB, verb);
  }

  /**
   * Adds a string, which may hold bytes that are not UTF-8 ({@link PathBytes}).
   *
   * @throws AgentException EINVAL when it holds a NUL, which no path, name or argument can carry
   */
  FieldsBuilder text(int tag, String value) {
    if (value.indexOf('\0') >= 0) {
      throw new AgentException(
          Errno.EINVAL, "usage", "a NUL character is not allowed in a path, name or argument");
    }
    byte[] bytes = PathBytes.encode(value);
    head(tag, bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  /** Adds variables of an environment. */
  FieldsBuilder env(Map<String, String> variables) {
    variables.forEach((key, value) -> text(Tag.ENV, key + "=" + value));
    return this;
  }

  /** Adds bytes of any kind. */
  FieldsBuilder bytes(int tag, byte[] value) {
    head(tag, value.length);
    out.writeBytes(value);
    return this;
  }

  /** Adds a string unless it is empty. */
  FieldsBuilder textIfAny(int tag, String value) {
    return value.isEmpty() ? this : text(tag, value);
  }

  /** Adds a number. */
  FieldsBuilder number(int tag, long value) {
    head(tag, Long.BYTES);
    for (int shift = 56; shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
    return this;
  }

  /** Adds a flag when it is set; an absent flag is 0. */
  FieldsBuilder flag(int tag, boolean value) {
    return value ? number(tag, 1) : this;
  }

  /**
   * The payload.
   *
   * @throws AgentException E2BIG when it does not fit a frame
   */
  byte[] bytes() {
    if (out.size() > Protocol.MAX_PAYLOAD) {
      throw new AgentException(
          Errno.E2BIG,
          "too_big",
          "the arguments and environment take "
              + out.size()
              + " bytes; at most "
              + Protocol.MAX_PAYLOAD
              + " are allowed");
    }
    return out.toByteArray();
  }

  private void head(int tag, int length) {
    out.write(tag);
    out.write(length >>> 24);
    out.write(length >>> 16);
    out.write(length >>> 8);
    out.write(length);
  }
}
