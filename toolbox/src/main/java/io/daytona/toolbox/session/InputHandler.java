package io.daytona.toolbox.session;

import io.daytona.http.Call;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.error.ToolboxError;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** {@code POST …/command/{id}/input} (toolbox protocol §3.6). */
final class InputHandler {
  private static final long REPORT_SECONDS = 5;

  private final SessionCalls calls;

  InputHandler(SessionCalls calls) {
    this.calls = calls;
  }

  @Nullable Void handle(Call<SessionInputRequest> call) throws InterruptedException {
    String data = call.body().data();
    if (data == null || data.isEmpty()) {
      throw ToolboxError.invalidBody("data is required");
    }
    if (calls.isEntrypoint(call)) {
      throw ToolboxError.badRequest("can't send input to entrypoint session");
    }
    SandboxSessions sessions = calls.sessions(call);
    Session session = sessions.find(call.path(SessionCalls.SESSION));
    Command command = SessionCalls.command(call, session);
    refuseEnded(call, session, command);
    if (!command.label().async()) {
      throw SessionErrors.noInput();
    }
    send(call, session, command, data.endsWith("\n") ? data : data + "\n");
    return null;
  }

  private void send(Call<?> call, Session session, Command command, String text)
      throws InterruptedException {
    Agent agent = calls.sandboxes().sandbox(call).agent();
    // An agent that was started by an earlier release cannot repeat input in the output.
    boolean echo = !command.label().quiet() && agent.features().contains(Agent.Feature.INPUT_ECHO);
    try {
      agent.input(command.process(), text.getBytes(StandardCharsets.UTF_8), false, echo);
    } catch (AgentException e) {
      if (e.errno() != Errno.ESRCH && e.errno() != Errno.EPIPE) {
        throw e;
      }
      awaitReport(command);
      refuseEnded(call, session, command);
      throw SessionErrors.noInput();
    }
  }

  private static void refuseEnded(Call<?> call, Session session, Command command) {
    if (session.isEnded() || session.isDeleted()) {
      throw SessionErrors.ended(call, session);
    }
    command
        .exitCode()
        .ifPresent(code -> {
          throw SessionErrors.completed(call, code);
        });
  }

  /** The command's pipes are gone an instant before its exit code is known. */
  private static void awaitReport(Command command) throws InterruptedException {
    try {
      command.exit().get(REPORT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw SessionErrors.noInput();
    }
  }
}
