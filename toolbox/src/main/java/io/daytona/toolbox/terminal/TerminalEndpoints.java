package io.daytona.toolbox.terminal;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.SocketEndpoint;
import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import java.util.List;

/** Pseudo terminals (toolbox protocol §4). */
public final class TerminalEndpoints {
  private static final String ONE = "/process/pty/{sessionId}";

  /** What is below the list but no terminal. */
  private static final String CREATE_CONNECT = "create-connect";

  private final SandboxCalls calls;
  private final TerminalDirectory directory = new TerminalDirectory();

  /**
   * @param calls finds sandboxes
   */
  public TerminalEndpoints(SandboxCalls calls) {
    this.calls = calls;
  }

  /** The table's rows for WebSockets. */
  public List<SocketEndpoint> sockets() {
    return new TerminalSockets(calls, directory).rows();
  }

  /** The table's rows for requests. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.post(
            "/process/pty",
            "CreatePtySession",
            "Creates a terminal.",
            Access.MEMBER,
            CreateTerminalRequest.class,
            CreatedReply.class,
            201,
            this::create),
        Endpoint.get(
            "/process/pty",
            "ListPtySessions",
            "Lists the terminals that have not ended.",
            Access.MEMBER,
            TerminalListReply.class,
            this::list),
        Endpoint.get(
            ONE,
            "GetPtySession",
            "Gets a terminal.",
            Access.MEMBER,
            TerminalReply.class,
            this::get),
        new Endpoint<>(
            Method.DELETE,
            ONE,
            "DeletePtySession",
            "Kills a terminal's shell and all its descendants.",
            Access.MEMBER,
            Void.class,
            DeletedReply.class,
            200,
            this::delete),
        Endpoint.post(
            ONE + "/resize",
            "ResizePtySession",
            "Changes the size of a terminal.",
            Access.MEMBER,
            ResizeRequest.class,
            TerminalReply.class,
            200,
            this::resize),
        Endpoint.get(
            ONE + "/connect",
            "ConnectPtySession",
            "Connects to a terminal by a WebSocket; anything else is refused.",
            Access.MEMBER,
            Void.class,
            call -> {
              throw TerminalErrors.upgradeRequired();
            }));
  }

  private CreatedReply create(Call<CreateTerminalRequest> call) {
    Running sandbox = calls.sandbox(call);
    TerminalSettings settings = TerminalRequests.create(sandbox, call.body());
    directory.of(sandbox).create(settings);
    return new CreatedReply(settings.id());
  }

  private TerminalListReply list(Call<?> call) {
    return new TerminalListReply(
        terminals(call).list().stream().map(terminal -> reply(call, terminal)).toList());
  }

  private TerminalReply get(Call<?> call) {
    String id = call.path("sessionId");
    return terminals(call)
        .find(id)
        .map(terminal -> reply(call, terminal))
        .orElseThrow(() ->
            id.equals(CREATE_CONNECT) ? TerminalErrors.upgradeRequired() : TerminalErrors.absent());
  }

  private DeletedReply delete(Call<?> call) throws InterruptedException {
    terminals(call).delete(call.path("sessionId"));
    return new DeletedReply("PTY session deleted");
  }

  private TerminalReply resize(Call<ResizeRequest> call) {
    return reply(
        call, terminals(call).resize(call.path("sessionId"), TerminalRequests.resize(call.body())));
  }

  private SandboxTerminals terminals(Call<?> call) {
    return directory.of(calls.sandbox(call));
  }

  private static TerminalReply reply(Call<?> call, Terminal terminal) {
    // Go clients before 0.188 refuse keys they do not know (toolbox protocol §1.5).
    boolean strict =
        call.header("X-Daytona-Source").orElse("").equals("sdk-go")
            && ClientVersion.of(call).map(version -> version.isBefore(0, 188, 0)).orElse(false);
    TerminalReply reply = terminal.reply();
    return strict ? reply.withoutProcess() : reply;
  }
}
