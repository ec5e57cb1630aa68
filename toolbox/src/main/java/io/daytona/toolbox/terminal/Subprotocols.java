package io.daytona.toolbox.terminal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.http.SocketCall;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What clients say by sub-protocols (toolbox protocol §1.4, §4.3, §4.4). */
final class Subprotocols {
  private static final String VERSION = "X-Daytona-SDK-Version~";
  private static final String EXIT_CONTROL = "X-Daytona-Pty-Exit-Control";
  private static final String ENVIRONMENT = "X-Daytona-Pty-Envs~";

  private Subprotocols() {}

  /** Names one of those offered, as clients that offer some insist on; the secret one last. */
  static void choose(SocketCall call) {
    List<String> offered = call.offered();
    offered.stream()
        .filter(token -> token.startsWith(VERSION))
        .findFirst()
        .or(() -> offered.stream().filter(EXIT_CONTROL::equals).findFirst())
        .or(() -> offered.stream().findFirst())
        .ifPresent(call::choose);
  }

  /** Whether the client wants to hear of the end by a control message. */
  static boolean wantsExitControl(SocketCall call) {
    return call.offered().contains(EXIT_CONTROL);
  }

  /**
   * The variables for a new terminal.
   *
   * @throws DaytonaException 400 when they are not what they should be; their values are secrets
   */
  static Map<String, String> environment(SocketCall call) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String token : call.offered()) {
      if (token.startsWith(ENVIRONMENT)) {
        add(token.substring(ENVIRONMENT.length()), all);
      }
    }
    return all;
  }

  static void add(String encoded, Map<String, String> all) {
    JsonNode variables;
    try {
      byte[] json = Base64.getUrlDecoder().decode(encoded);
      variables = Json.mapper().readTree(new String(json, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException | JsonProcessingException e) {
      throw malformed();
    }
    if (!variables.isObject()) {
      throw malformed();
    }
    variables
        .properties()
        .forEach(variable -> {
          if (!variable.getValue().isTextual()) {
            throw malformed();
          }
          all.put(variable.getKey(), variable.getValue().textValue());
        });
  }

  private static DaytonaException malformed() {
    return ToolboxError.badRequest(
        "the sub-protocol "
            + ENVIRONMENT
            + " must be followed by base64url of a JSON object of strings");
  }
}
