package io.daytona.toolbox.terminal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.http.WebSocket;
import org.jspecify.annotations.Nullable;

/**
 * How a terminal ended, in the words of the protocol (toolbox protocol §4.3).
 *
 * @param exitCode of its shell; −1 when a signal ended that
 * @param exitReason absent for 0
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record TerminalExit(int exitCode, @Nullable String exitReason) {
  private static final int SIGNALLED = 128;
  private static final TerminalExit DELETED = new TerminalExit(137, "SIGKILL");

  /** The text that says so to a client that asked for it. */
  private record Control(
      String type,
      String status,
      int exitCode,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String exitReason) {}

  /**
   * @param status exit code, or minus the signal
   * @param deleted whether a client deleted it
   */
  static TerminalExit of(int status, boolean deleted) {
    if (deleted) {
      return DELETED;
    }
    int code = status < 0 ? -1 : status;
    return new TerminalExit(code, reason(code));
  }

  private static @Nullable String reason(int code) {
    return switch (code) {
      case 0 -> null;
      case 130 -> "Ctrl+C";
      case 137 -> "SIGKILL";
      case 143 -> "SIGTERM";
      default -> code > SIGNALLED ? "signal " + (code - SIGNALLED) : "non-zero exit";
    };
  }

  /** Code of the close frame. */
  int closeCode() {
    return exitCode == 0 ? WebSocket.NORMAL : WebSocket.SERVER_ERROR;
  }

  /** Reason of the close frame. */
  String closeReason() throws JsonProcessingException {
    return Json.mapper().writeValueAsString(this);
  }

  /** The control message of clients since 0.197. */
  String control() throws JsonProcessingException {
    return Json.mapper().writeValueAsString(new Control("control", "exited", exitCode, exitReason));
  }
}
