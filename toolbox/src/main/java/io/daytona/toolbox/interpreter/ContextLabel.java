package io.daytona.toolbox.interpreter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.error.ToolboxError;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a worker's process is labelled with, so that its context is found again when the platform
 * has been restarted.
 *
 * @param context id of the context
 * @param cwd its working directory
 * @param createdAt when the context was made, RFC 3339
 */
record ContextLabel(String context, String cwd, String createdAt) {
  static final String LANGUAGE = "python";
  private static final String KIND = "interpreter";
  private static final int MAX_BYTES = 4_096;

  /**
   * The label's text.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 when the directory's name is too long for it
   */
  String text() {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("kind", KIND);
    keys.put("context", context);
    keys.put("cwd", cwd);
    keys.put("createdAt", createdAt);
    try {
      String text = Json.mapper().writeValueAsString(keys);
      if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
        throw ToolboxError.badRequest("cwd is too long");
      }
      return text;
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the label of any process; empty when it is no worker. */
  static Optional<ContextLabel> parse(String text) {
    if (!text.startsWith("{\"kind\":\"" + KIND + "\"")) {
      return Optional.empty();
    }
    try {
      JsonNode keys = Json.mapper().readTree(text);
      return Optional.of(
          new ContextLabel(
              keys.path("context").asText(),
              keys.path("cwd").asText(),
              keys.path("createdAt").asText()));
    } catch (JsonProcessingException someoneElses) {
      return Optional.empty();
    }
  }

  /** The context as clients see it. */
  InterpreterContext describe(boolean active) {
    return new InterpreterContext(context, cwd, createdAt, active, LANGUAGE);
  }
}
