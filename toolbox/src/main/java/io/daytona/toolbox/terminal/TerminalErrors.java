package io.daytona.toolbox.terminal;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.Set;

/** The errors of terminals in the words that clients know (toolbox protocol §4.1). */
final class TerminalErrors {
  /** What goes wrong with the sandbox's image, not with what was asked for. */
  private static final Set<String> NO_TERMINAL = Set.of("exec", "pty", "fork");

  private TerminalErrors() {}

  static DaytonaException idRequired() {
    return DaytonaException.badRequest("session ID is required");
  }

  static DaytonaException exists(String id) {
    return DaytonaException.conflict("PTY session with ID '" + id + "' already exists");
  }

  static DaytonaException absent() {
    return DaytonaException.notFound("PTY session not found");
  }

  static DaytonaException gone(String id) {
    return DaytonaException.of(
        ErrorKind.GONE, "PTY session '" + id + "' not found or has terminated");
  }

  static DaytonaException inactive() {
    return DaytonaException.of(ErrorKind.INTERNAL, "cannot resize inactive PTY session");
  }

  static DaytonaException tooManyUnstarted(int most) {
    return DaytonaException.badRequest(
        "at most " + most + " PTY sessions can wait for their first client; connect to some first");
  }

  static DaytonaException tooMuchUnstarted(long most) {
    return DaytonaException.badRequest(
        "the variables of PTY sessions that wait for their first client must not have more than "
            + most
            + " characters together");
  }

  static DaytonaException upgradeRequired() {
    return DaytonaException.badRequest(
        "bad request: this path is for WebSocket connections; send the headers of an upgrade");
  }

  /** A shell that did not start. */
  static DaytonaException start(AgentException e, String cwd) {
    if (AgentErrors.isUnavailable(e)) {
      return AgentErrors.of(e);
    }
    String what = "failed to start PTY session: ";
    if (NO_TERMINAL.contains(e.code())) {
      return DaytonaException.of(
          ErrorKind.INTERNAL,
          what + AgentErrors.text(e) + "; the image needs a shell and /dev/ptmx",
          e);
    }
    String where = e.code().equals("cwd") ? "chdir " + cwd + ": " : "";
    return DaytonaException.of(ErrorKind.BAD_REQUEST, what + where + AgentErrors.text(e), e);
  }
}
