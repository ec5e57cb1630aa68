package io.daytona.toolbox.session;

import io.daytona.http.Call;
import io.daytona.http.RawReply;
import io.daytona.http.SocketCall;
import io.daytona.http.SocketEndpoint;
import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.List;

/** Logs by request and by WebSocket (toolbox protocol §3.5, §3.8). */
final class LogHandlers {
  /** Begins the sub-protocol that carries a version. */
  private static final String VERSION = "X-Daytona-SDK-Version~";

  private final SessionCalls calls;

  LogHandlers(SessionCalls calls) {
    this.calls = calls;
  }

  /** {@code GET …/command/{id}/logs}. */
  RawReply command(Call<Void> call) throws InterruptedException {
    return reply(call, calls.isEntrypoint(call), log(call));
  }

  /** {@code GET /process/session/entrypoint/logs}. */
  RawReply entrypoint(Call<Void> call) throws InterruptedException {
    return reply(call, true, calls.sessions(call).entrypoint().log());
  }

  /** The same by WebSocket. */
  SocketEndpoint.Conversation commandSocket(SocketCall call) throws InterruptedException {
    try {
      return socket(call, calls.isEntrypoint(call), log(call));
    } catch (AgentException e) {
      throw unreadable(e);
    }
  }

  /** The same for the entrypoint. */
  SocketEndpoint.Conversation entrypointSocket(SocketCall call) throws InterruptedException {
    try {
      return socket(call, true, calls.sessions(call).entrypoint().log());
    } catch (AgentException e) {
      throw unreadable(e);
    }
  }

  private CommandLog log(Call<?> call) throws InterruptedException {
    if (calls.isEntrypoint(call)) {
      return calls.entrypoint(call).log();
    }
    SandboxSessions sessions = calls.sessions(call);
    Session session = sessions.find(call.path(SessionCalls.SESSION));
    return sessions.log(session, SessionCalls.command(call, session));
  }

  private static RawReply reply(Call<?> call, boolean entrypoint, CommandLog log) {
    LogDialect dialect = LogDialect.of(call);
    try {
      return follows(call)
          ? LogReplies.follow(dialect, entrypoint, log)
          : LogReplies.snapshot(dialect, entrypoint, log);
    } catch (AgentException e) {
      throw unreadable(e);
    }
  }

  /**
   * One client library sends no version with its upgrades and needs the markers (toolbox protocol
   * §3.5), so only those that say they are old go without.
   */
  private static SocketEndpoint.Conversation socket(
      SocketCall call, boolean entrypoint, CommandLog log) {
    List<String> offered = call.offered();
    boolean marked =
        entrypoint
            || LogDialect.of(call) != LogDialect.COMBINED
            || ClientVersion.text(call).isEmpty();
    SocketEndpoint.Conversation conversation = new LogSocket(log, follows(call), marked);
    offered.stream()
        .filter(token -> token.regionMatches(true, 0, VERSION, 0, VERSION.length()))
        .findFirst()
        .or(() -> offered.stream().findFirst())
        .ifPresent(call::choose);
    return conversation;
  }

  private static boolean follows(Call<?> call) {
    return call.query("follow")
        .map(value -> value.equals("true") || value.equals("1"))
        .orElse(false);
  }

  /** A log that is nowhere any more, or in a file that cannot be read. */
  private static DaytonaException unreadable(AgentException e) {
    return switch (e.errno()) {
      case Errno.ENOENT, Errno.ENOTDIR, Errno.ESRCH -> SessionErrors.commandNotFound();
      case Errno.EACCES, Errno.EPERM ->
          DaytonaException.of(ErrorKind.FORBIDDEN, "forbidden: " + AgentErrors.text(e), e);
      default -> AgentErrors.of(e);
    };
  }
}
