package io.daytona.toolbox.session;

import io.daytona.http.Call;
import io.daytona.toolbox.ClientVersion;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;

/** The errors of sessions in the words of the protocol (toolbox protocol §3, §11). */
final class SessionErrors {
  private static final String ENDED = "gone: session process has exited";
  private static final String DEAF =
      "gone: the session's shell reads commands but does not execute them any more; an option"
          + " (set -n), function, alias, trap or redirection of an earlier command prevents it;"
          + " delete the session and create it anew";
  private static final String COMPLETED = "gone: command has already completed with exit code ";

  private SessionErrors() {}

  static DaytonaException sessionNotFound() {
    return DaytonaException.notFound("not found: session not found");
  }

  static DaytonaException commandNotFound() {
    return DaytonaException.notFound("not found: command not found");
  }

  static DaytonaException exists() {
    return DaytonaException.conflict("conflict: session already exists");
  }

  /** 410: the session's shell has ended, or is deaf. */
  static DaytonaException ended(Call<?> call, Session session) {
    return gone(call, "SESSION_ENDED", session.isDeaf() ? DEAF : ENDED);
  }

  /** 410: the session was deleted while a client waited for its command. */
  static DaytonaException cancelled(Call<?> call) {
    return gone(call, "SESSION_ENDED", "failed to execute command: bad request: session cancelled");
  }

  static DaytonaException completed(Call<?> call, int exitCode) {
    return gone(call, "COMMAND_ALREADY_COMPLETED", COMPLETED + exitCode);
  }

  static DaytonaException noInput() {
    return DaytonaException.of(
        ErrorKind.GONE,
        "gone: the command's standard input is at its end; only async commands take input");
  }

  /** Clients know the finer codes since 0.201. */
  private static DaytonaException gone(Call<?> call, String code, String message) {
    boolean knows =
        ClientVersion.of(call).map(version -> !version.isBefore(0, 201, 0)).orElse(true);
    return DaytonaException.of(ErrorKind.GONE, knows ? code : ErrorKind.GONE.code(), message);
  }
}
