package io.daytona.toolbox.session;

import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.session.Session.EndedException;
import io.daytona.toolbox.session.Session.Started;
import io.daytona.toolbox.session.log.CapturedLog;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code POST /process/session/{id}/exec} (toolbox protocol §3.3). A synchronous command has no
 * time limit, and goes on when its client goes away.
 */
final class ExecHandler {
  private static final Duration LONG = Duration.ofDays(1);
  private static final int ACCEPTED = 202;
  private static final long REPORT_SECONDS = 5;

  /**
   * Output up to this is taken while it comes; a larger one is read again from where it is kept.
   */
  private static final int CAPTURED = 256 * 1024;

  private final SessionCalls calls;

  ExecHandler(SessionCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<SessionExecuteRequest> call) throws IOException, InterruptedException {
    SessionExecuteRequest request = call.body();
    String text = command(request);
    if (calls.isEntrypoint(call)) {
      throw ToolboxError.badRequest("can't execute command in entrypoint session");
    }
    SandboxSessions sessions = calls.sessions(call);
    Session session = sessions.find(call.path(SessionCalls.SESSION));
    long start = System.nanoTime();
    Started started = start(call, session, request, text);
    try (AgentProcess output = started.output()) {
      if (request.isAsync()) {
        return accepted(started.command());
      }
      Optional<CapturedLog> captured = capture(output);
      int exitCode = await(call, session, started.command(), captured.isPresent());
      CommandLog log =
          captured
              .<CommandLog>map(all -> all)
              .orElseGet(() -> sessions.log(session, started.command()));
      call.timing("run", (System.nanoTime() - start) / 1e6);
      return LogReplies.execution(LogDialect.of(call), started.command(), exitCode, log);
    }
  }

  private static String command(SessionExecuteRequest request) {
    String command = request.command();
    if (command == null || command.isBlank()) {
      throw ToolboxError.invalidBody("command is required");
    }
    if (command.indexOf('\0') >= 0) {
      throw ToolboxError.invalidBody("command must not contain NUL characters");
    }
    return command;
  }

  private static Started start(
      Call<?> call, Session session, SessionExecuteRequest request, String text)
      throws InterruptedException {
    try {
      return session.start(text, request.isAsync(), request.isQuiet());
    } catch (EndedException e) {
      throw SessionErrors.ended(call, session);
    }
  }

  /** Takes the output until the command's end; empty when it is large. */
  private static Optional<CapturedLog> capture(AgentProcess output) throws InterruptedException {
    List<Output.Chunk> chunks = new ArrayList<>();
    int size = 0;
    while (size <= CAPTURED) {
      Output next;
      try {
        next = output.next(LONG);
      } catch (AgentException e) {
        if (!e.code().equals(AgentException.OVERRUN)) {
          throw e;
        }
        break; // What is left of it, and how much was lost, is read again.
      }
      if (next instanceof Output.Chunk chunk) {
        chunks.add(chunk);
        size += chunk.bytes().length;
      } else if (next instanceof Output.Exit) {
        return Optional.of(new CapturedLog(chunks));
      }
    }
    output.close();
    return Optional.empty();
  }

  private static int await(Call<?> call, Session session, Command command, boolean over)
      throws InterruptedException {
    try {
      int exitCode = over ? reported(session, command) : command.exit().get();
      if (session.isDeleted()) {
        throw SessionErrors.cancelled(call);
      }
      if (exitCode == Session.NEVER_RAN) {
        throw SessionErrors.ended(call, session);
      }
      return exitCode;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof AgentException lost
          ? lost
          : DaytonaException.of(ErrorKind.INTERNAL, "the command was lost", e);
    }
  }

  /**
   * The exit code of a command whose pipes are gone. The shell reports it before it removes them,
   * so one that does not come was lost on the way, unless somebody else removed the pipes.
   */
  private static int reported(Session session, Command command)
      throws InterruptedException, ExecutionException {
    for (long patience = REPORT_SECONDS; ; patience *= 2) {
      try {
        return command.exit().get(patience, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        session.missed();
      }
    }
  }

  private static RawReply accepted(Command command) throws IOException {
    // What is not known yet is left out: both reference documents forbid null for it.
    byte[] json = Json.mapper().writeValueAsBytes(Map.of("cmdId", command.id()));
    return new RawReply(
        ACCEPTED, "application/json; charset=utf-8", json.length, Map.of(), out -> out.write(json));
  }
}
