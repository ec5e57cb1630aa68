package io.daytona.toolbox.lsp;

import io.daytona.http.Call;
import io.daytona.toolbox.error.ToolboxError;
import java.time.Duration;
import java.util.List;
import org.eclipse.lsp4j.CompletionContext;
import org.eclipse.lsp4j.CompletionParams;
import org.eclipse.lsp4j.CompletionTriggerKind;
import org.eclipse.lsp4j.Position;
import org.eclipse.lsp4j.TextDocumentIdentifier;
import org.jspecify.annotations.Nullable;

/** {@code /lsp/completions}, {@code /document-symbols}, {@code /diagnostics}. */
final class QueryHandlers {
  private static final Duration PUBLICATION = Duration.ofSeconds(10);

  private final LspCalls calls;

  /**
   * @param calls finds servers
   */
  QueryHandlers(LspCalls calls) {
    this.calls = calls;
  }

  LspReplies.CompletionList completions(Call<LspRequests.Completions> call)
      throws InterruptedException {
    LspRequests.Completions body = call.body();
    ServerKey key = LspCalls.key(body.languageId(), body.pathToProject());
    String uri = LspCalls.required("uri", body.uri());
    Position position = position(body.position());
    LspSession session = calls.session(call, key);
    long start = System.nanoTime();
    try (Documents.Use document = session.documents().use(uri)) {
      CompletionParams params =
          new CompletionParams(
              new TextDocumentIdentifier(document.serverUri()), position, context(body.context()));
      LspReplies.CompletionList answer =
          Conversions.completions(
              session.ask(
                  "textDocument/completion",
                  server -> server.getTextDocumentService().completion(params)));
      call.timing("lsp", (System.nanoTime() - start) / 1e6);
      return answer;
    }
  }

  LspReplies.Symbol[] documentSymbols(Call<Void> call) throws InterruptedException {
    String uri = LspCalls.parameter(call, "uri");
    LspSession session = calls.session(call);
    try (Documents.Use document = session.documents().use(uri)) {
      return SymbolSearch.ofDocument(session, document, uri).toArray(LspReplies.Symbol[]::new);
    }
  }

  LspReplies.Symbol[] workspaceSymbols(Call<Void> call) throws InterruptedException {
    String query = LspCalls.parameter(call, "query");
    LspSession session = calls.session(call);
    return new SymbolSearch(session).find(query).toArray(LspReplies.Symbol[]::new);
  }

  LspReplies.Diagnostic[] diagnostics(Call<Void> call) throws InterruptedException {
    String uri = LspCalls.parameter(call, "uri");
    LspSession session = calls.session(call);
    try (Documents.Use document = session.documents().use(uri)) {
      List<LspReplies.Diagnostic> found =
          session.diagnostics().await(document.serverUri(), PUBLICATION);
      return found.toArray(LspReplies.Diagnostic[]::new);
    }
  }

  private static Position position(LspRequests.@Nullable Position position) {
    Integer line = position == null ? null : position.line();
    Integer character = position == null ? null : position.character();
    if (line == null || character == null) {
      throw ToolboxError.invalidBody("position with line and character is required");
    }
    if (line < 0 || character < 0) {
      throw ToolboxError.badRequest("line and character count from 0");
    }
    return new Position(line, character);
  }

  /** What clients send for "nothing special" varies; servers know three kinds. */
  private static CompletionContext context(LspRequests.@Nullable Context context) {
    Integer kind = context == null ? null : context.triggerKind();
    if (context == null || kind == null || kind < 1 || kind > 3) {
      return new CompletionContext(CompletionTriggerKind.Invoked);
    }
    CompletionContext sent = new CompletionContext(CompletionTriggerKind.forValue(kind));
    String character = context.triggerCharacter();
    if (character != null) {
      sent.setTriggerCharacter(character);
    }
    return sent;
  }
}
