package io.daytona.toolbox.terminal;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;

/** The texts that a client of a terminal is told beside output (toolbox protocol §4.2). */
final class TerminalControl {
  /** Always the first message. */
  static final String CONNECTED = "{\"type\":\"control\",\"status\":\"connected\"}";

  /** Why a client is closed that does not read. */
  static final String SLOW_CONSUMER = "slow consumer";

  private TerminalControl() {}

  private record Failure(String type, String status, String error) {}

  /** The only message of a connection that is not one to a terminal. */
  static String error(String sentence) throws JsonProcessingException {
    return Json.mapper().writeValueAsString(new Failure("control", "error", sentence));
  }
}
