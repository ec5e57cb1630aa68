package io.daytona.toolbox.interpreter;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.SocketCall;
import io.daytona.http.SocketEndpoint;
import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.List;

/** The stateful interpreter (toolbox protocol §5). */
public final class InterpreterEndpoints {
  private static final String CONTEXTS = "/process/interpreter/context";
  private static final String VERSION_TOKEN = "X-Daytona-SDK-Version~";

  private final SandboxCalls calls;
  private final Contexts contexts = new Contexts();

  /**
   * @param calls finds sandboxes
   */
  public InterpreterEndpoints(SandboxCalls calls) {
    this.calls = calls;
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.post(
            CONTEXTS,
            "CreateInterpreterContext",
            "Makes an interpreter context with a state of its own.",
            Access.MEMBER,
            CreateContextRequest.class,
            InterpreterContext.class,
            200,
            this::create),
        Endpoint.get(
            CONTEXTS,
            "ListInterpreterContexts",
            "Lists interpreter contexts, the default one left out.",
            Access.MEMBER,
            ContextList.class,
            call -> new ContextList(contexts.of(calls.sandbox(call)).list())),
        new Endpoint<>(
            Method.DELETE,
            CONTEXTS + "/{id}",
            "DeleteInterpreterContext",
            "Ends an interpreter context and forgets its state.",
            Access.MEMBER,
            Void.class,
            DeletedReply.class,
            200,
            this::delete));
  }

  /** The table's rows for WebSockets. */
  public List<SocketEndpoint> sockets() {
    return List.of(
        new SocketEndpoint(
            "/process/interpreter/execute",
            "ExecuteInterpreterCode",
            "Executes Python code in a context and streams what it writes.",
            Access.MEMBER,
            this::accept));
  }

  private InterpreterContext create(Call<CreateContextRequest> call) throws InterruptedException {
    requireBody(call);
    CreateContextRequest request = call.body();
    String language = request.language() == null ? "" : request.language();
    if (!language.isEmpty() && !language.equals(ContextLabel.LANGUAGE)) {
      throw ToolboxError.badRequest("unsupported language: " + language);
    }
    String cwd = request.cwd() == null ? "" : request.cwd();
    if (cwd.indexOf('\0') >= 0) {
      throw ToolboxError.badRequest("cwd must not contain NUL");
    }
    Running sandbox = calls.sandbox(call);
    try {
      return contexts.of(sandbox).create(SandboxPaths.absolute(sandbox, cwd)).describe();
    } catch (WorkerUnavailable e) {
      if (e.isBadDirectory()) {
        throw ToolboxError.badRequest(e.text());
      }
      throw DaytonaException.of(ErrorKind.INTERNAL, "internal server error: " + e.text());
    }
  }

  /** The protocol insists on a body, though an empty object is enough. */
  private static void requireBody(Call<?> call) {
    boolean none =
        call.header("Transfer-Encoding").isEmpty()
            && call.header("Content-Length").filter(length -> !length.equals("0")).isEmpty();
    if (none) {
      throw ToolboxError.invalidBody("a JSON object is required");
    }
  }

  private DeletedReply delete(Call<Void> call) throws InterruptedException {
    String id = call.path("id");
    if (id.equals(Context.DEFAULT)) {
      throw ToolboxError.badRequest("the default context cannot be deleted");
    }
    if (!contexts.of(calls.sandbox(call)).delete(id)) {
      throw DaytonaException.notFound("not found: context not found: " + id);
    }
    return new DeletedReply("Context deleted successfully");
  }

  private Conversation accept(SocketCall call) {
    call.offered().stream()
        .filter(token -> token.startsWith(VERSION_TOKEN))
        .findFirst()
        .or(() -> call.offered().stream().findFirst())
        .ifPresent(call::choose);
    Running sandbox = calls.sandbox(call);
    return new ExecuteConversation(sandbox, contexts.of(sandbox));
  }
}
