package io.daytona.toolbox.lsp;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.Endpoint.Handler;
import io.daytona.toolbox.SandboxCalls;
import java.util.List;

/** Language servers (toolbox protocol §8; operations of both OpenAPI documents). */
public final class LspEndpoints {
  private static final int OK = 200;

  private final LspCalls calls;

  /** With the servers that the platform brings. */
  public LspEndpoints(SandboxCalls calls) {
    this(calls, LspPrograms.brought(), LspLimits.defaults());
  }

  /**
   * @param calls finds sandboxes
   * @param programs where the servers lie inside a sandbox
   * @param limits what they may cost
   */
  public LspEndpoints(SandboxCalls calls, LspPrograms programs, LspLimits limits) {
    this.calls = new LspCalls(calls, new LanguageServers(programs, limits));
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    ServerHandlers servers = new ServerHandlers(calls);
    QueryHandlers queries = new QueryHandlers(calls);
    return List.of(
        post(
            "start",
            "Start",
            "Starts a language server.",
            LspRequests.Server.class,
            Void.class,
            servers::start),
        post(
            "stop",
            "Stop",
            "Stops a language server.",
            LspRequests.Server.class,
            Void.class,
            servers::stop),
        post(
            "did-open",
            "DidOpen",
            "Opens a document with the content of its file.",
            LspRequests.Document.class,
            Void.class,
            servers::open),
        post(
            "did-close",
            "DidClose",
            "Closes a document.",
            LspRequests.Document.class,
            Void.class,
            servers::close),
        post(
            "completions",
            "Completions",
            "Answers proposals at a position.",
            LspRequests.Completions.class,
            LspReplies.CompletionList.class,
            queries::completions),
        get(
            "document-symbols",
            "DocumentSymbols",
            "Lists the symbols of a document.",
            LspReplies.Symbol[].class,
            queries::documentSymbols),
        get(
            "workspacesymbols",
            "WorkspaceSymbols",
            "Finds symbols of the project and of open documents.",
            LspReplies.Symbol[].class,
            queries::workspaceSymbols),
        get(
            "diagnostics",
            "Diagnostics",
            "Lists what the server found about a document.",
            LspReplies.Diagnostic[].class,
            queries::diagnostics));
  }

  private static <R> Endpoint<Void, R> get(
      String name, String operation, String summary, Class<R> reply, Handler<Void, R> handler) {
    return Endpoint.get(
        "/lsp/" + name, operation, summary, Access.MEMBER, reply, LspCalls.inTheirCodes(handler));
  }

  private static <B, R> Endpoint<B, R> post(
      String name,
      String operation,
      String summary,
      Class<B> body,
      Class<R> reply,
      Handler<B, R> handler) {
    return Endpoint.post(
        "/lsp/" + name,
        operation,
        summary,
        Access.MEMBER,
        body,
        reply,
        OK,
        LspCalls.inTheirCodes(handler));
  }
}
