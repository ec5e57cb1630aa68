package io.daytona.toolbox.session;

import io.daytona.http.Call;
import io.daytona.toolbox.SandboxCalls;

/** Finds what calls of this package are about. */
final class SessionCalls {
  /** Path parameter of a session's id. */
  static final String SESSION = "sessionId";

  /** Path parameter of a command's id. */
  static final String COMMAND = "commandId";

  private final SandboxCalls sandboxes;
  private final SessionDirectory directory;

  SessionCalls(SandboxCalls sandboxes, SessionDirectory directory) {
    this.sandboxes = sandboxes;
    this.directory = directory;
  }

  SandboxCalls sandboxes() {
    return sandboxes;
  }

  SandboxSessions sessions(Call<?> call) throws InterruptedException {
    return directory.of(sandboxes.sandbox(call));
  }

  boolean isEntrypoint(Call<?> call) {
    return call.path(SESSION).equals(Entrypoint.SESSION);
  }

  /**
   * The command of a call about an ordinary session.
   *
   * @throws io.daytona.wire.error.DaytonaException 404
   */
  static Command command(Call<?> call, Session session) {
    return session.command(call.path(COMMAND)).orElseThrow(SessionErrors::commandNotFound);
  }

  /**
   * The entrypoint of a call about it and its command.
   *
   * @throws io.daytona.wire.error.DaytonaException 404
   */
  Entrypoint entrypoint(Call<?> call) throws InterruptedException {
    if (!call.path(COMMAND).equals(Entrypoint.COMMAND)) {
      throw SessionErrors.commandNotFound();
    }
    return sessions(call).entrypoint();
  }
}
