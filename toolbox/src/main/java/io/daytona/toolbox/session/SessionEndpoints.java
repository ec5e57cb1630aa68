package io.daytona.toolbox.session;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import io.daytona.http.SocketEndpoint;
import io.daytona.toolbox.ChosenIds;
import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.error.ToolboxError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sessions (toolbox protocol §3). */
public final class SessionEndpoints {
  private static final String ALL = "/process/session";
  private static final String ONE = ALL + "/{" + SessionCalls.SESSION + "}";
  private static final String COMMAND = ONE + "/command/{" + SessionCalls.COMMAND + "}";
  private static final String LOGS = COMMAND + "/logs";
  private static final String ENTRYPOINT = ALL + "/" + Entrypoint.SESSION;
  private static final String ENTRYPOINT_LOGS = ENTRYPOINT + "/logs";

  private final SessionCalls calls;
  private final ExecHandler exec;
  private final InputHandler input;
  private final LogHandlers logs;

  /**
   * @param sandboxes finds sandboxes
   * @param limits how much of ended commands is kept
   */
  public SessionEndpoints(SandboxCalls sandboxes, SessionLimits limits) {
    this.calls = new SessionCalls(sandboxes, new SessionDirectory(limits));
    this.exec = new ExecHandler(calls);
    this.input = new InputHandler(calls);
    this.logs = new LogHandlers(calls);
  }

  /** The table's rows for requests. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.get(
            ALL,
            "ListSessions",
            "Lists the sessions.",
            Access.MEMBER,
            SessionReply[].class,
            this::list),
        Endpoint.post(
            ALL,
            "CreateSession",
            "Starts a shell that runs one command after another.",
            Access.MEMBER,
            CreateSessionRequest.class,
            Void.class,
            201,
            this::create),
        Endpoint.get(
            ENTRYPOINT,
            "GetEntrypointSession",
            "Gets the session of the program that the sandbox was started with.",
            Access.MEMBER,
            SessionReply.class,
            this::entrypoint),
        Endpoint.get(
            ENTRYPOINT_LOGS,
            "GetEntrypointLogs",
            "Gets the output of the program that the sandbox was started with.",
            Access.MEMBER,
            RawReply.class,
            logs::entrypoint),
        Endpoint.get(
            ONE,
            "GetSession",
            "Gets a session and its commands.",
            Access.MEMBER,
            SessionReply.class,
            this::session),
        new Endpoint<>(
            Method.DELETE,
            ONE,
            "DeleteSession",
            "Ends a session and everything that runs in it.",
            Access.MEMBER,
            Void.class,
            Void.class,
            204,
            this::delete),
        Endpoint.post(
            ONE + "/exec",
            "SessionExecuteCommand",
            "Runs a command in a session's shell.",
            Access.MEMBER,
            SessionExecuteRequest.class,
            RawReply.class,
            200,
            exec::handle),
        Endpoint.get(
            COMMAND,
            "GetSessionCommand",
            "Gets a command of a session.",
            Access.MEMBER,
            CommandReply.class,
            this::command),
        Endpoint.get(
            LOGS,
            "GetSessionCommandLogs",
            "Gets the output of a command, or follows it.",
            Access.MEMBER,
            RawReply.class,
            logs::command),
        Endpoint.post(
            COMMAND + "/input",
            "SendInput",
            "Writes to the standard input of a running command.",
            Access.MEMBER,
            SessionInputRequest.class,
            Void.class,
            204,
            input::handle));
  }

  /** The table's rows for WebSockets. */
  public List<SocketEndpoint> sockets() {
    return List.of(
        new SocketEndpoint(
            ENTRYPOINT_LOGS,
            "FollowEntrypointLogs",
            "Follows the output of the program that the sandbox was started with.",
            Access.MEMBER,
            logs::entrypointSocket),
        new SocketEndpoint(
            LOGS,
            "FollowSessionCommandLogs",
            "Follows the output of a command.",
            Access.MEMBER,
            logs::commandSocket));
  }

  private SessionReply[] list(Call<Void> call) throws InterruptedException {
    SandboxSessions sessions = calls.sessions(call);
    CommandTexts texts = new CommandTexts();
    return sessions.all().stream()
        .map(session -> reply(texts, session))
        .toArray(SessionReply[]::new);
  }

  private @Nullable Void create(Call<CreateSessionRequest> call) throws InterruptedException {
    String id = call.body().sessionId();
    if (id == null || id.isEmpty()) {
      throw ToolboxError.invalidBody("sessionId is required");
    }
    if (!ChosenIds.canBeNamed(id)) {
      throw ToolboxError.badRequest("sessionId must not contain NUL or halves of characters");
    }
    if (id.equals(Entrypoint.SESSION)) {
      throw ToolboxError.badRequest(
          "provided session ID is reserved and cannot be created/overridden");
    }
    Running sandbox = calls.sandboxes().sandbox(call);
    boolean startsAtHome =
        ClientVersion.of(call).map(version -> version.isBefore(0, 103, 0)).orElse(false);
    calls.sessions(call).create(id, startsAtHome ? sandbox.home() : sandbox.workdir());
    return null;
  }

  private SessionReply entrypoint(Call<Void> call) throws InterruptedException {
    return entrypointReply(calls.sessions(call));
  }

  private SessionReply session(Call<Void> call) throws InterruptedException {
    SandboxSessions sessions = calls.sessions(call);
    return calls.isEntrypoint(call)
        ? entrypointReply(sessions)
        : reply(new CommandTexts(), sessions.find(call.path(SessionCalls.SESSION)));
  }

  private CommandReply command(Call<Void> call) throws InterruptedException {
    if (calls.isEntrypoint(call)) {
      Command command = calls.entrypoint(call).command();
      return reply(command, command.label().command());
    }
    SandboxSessions sessions = calls.sessions(call);
    Session session = sessions.find(call.path(SessionCalls.SESSION));
    Command command = SessionCalls.command(call, session);
    return reply(command, sessions.text(session, command));
  }

  private @Nullable Void delete(Call<Void> call) throws InterruptedException {
    if (calls.isEntrypoint(call)) {
      throw ToolboxError.badRequest("can't delete entrypoint session");
    }
    calls.sessions(call).delete(call.path(SessionCalls.SESSION));
    return null;
  }

  private static SessionReply entrypointReply(SandboxSessions sessions) {
    Command command = sessions.entrypoint().command();
    return new SessionReply(Entrypoint.SESSION, List.of(reply(command, command.label().command())));
  }

  private static SessionReply reply(CommandTexts texts, Session session) {
    return new SessionReply(
        session.id(),
        session.commands().stream()
            .map(command -> reply(command, texts.of(session, command)))
            .toList());
  }

  private static CommandReply reply(Command command, String text) {
    return new CommandReply(
        command.id(), text, command.exitCode().stream().boxed().findFirst().orElse(null));
  }
}
