package io.daytona.toolbox.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What the agent remembers about a process of this package, as JSON.
 *
 * @param kind {@link #SESSION}, {@link #COMMAND} or {@link #ENTRYPOINT}
 * @param session key of the session, unique for ever
 * @param id id that clients know the session or the command by
 * @param number place of a command in its session, from 1
 * @param async whether a command has an input
 * @param quiet whether its input stays out of its log
 * @param command its text, or the beginning
 * @param cut whether the whole text is in a file
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record ProcessLabel(
    String kind,
    String session,
    String id,
    long number,
    boolean async,
    boolean quiet,
    String command,
    boolean cut) {
  static final String SESSION = "session";
  static final String COMMAND = "command";
  static final String ENTRYPOINT = "entrypoint";

  /** Bytes of the longest label that an agent takes. */
  private static final int MAX_BYTES = 4_096;

  /** Absent keys come as null. */
  @SuppressWarnings("NullAway")
  ProcessLabel {
    kind = kind == null ? "" : kind;
    session = session == null ? "" : session;
    id = id == null ? "" : id;
    command = command == null ? "" : command;
  }

  static ProcessLabel ofSession(String key, String id) {
    return new ProcessLabel(SESSION, key, id, 0, false, false, "", false);
  }

  boolean fits() {
    return text().getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
  }

  /** The same with only the beginning of the text. */
  ProcessLabel cutTo(int length) {
    int end = Character.isHighSurrogate(command.charAt(length - 1)) ? length - 1 : length;
    return new ProcessLabel(
        kind, session, id, number, async, quiet, command.substring(0, end), true);
  }

  String text() {
    try {
      return Json.mapper().writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a label that is not JSON", e);
    }
  }

  /** Reads a label; those of other features and nonsense are empty. */
  static Optional<ProcessLabel> parse(String text) {
    if (!text.startsWith("{")) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(Json.mapper().readValue(text, ProcessLabel.class));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
