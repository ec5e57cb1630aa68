package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.lsp.LspReplies.Symbol;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.lsp4j.DocumentSymbolParams;
import org.eclipse.lsp4j.TextDocumentIdentifier;
import org.eclipse.lsp4j.WorkspaceSymbolParams;

/**
 * Finds symbols of a project. Clients expect those of open documents in every answer (toolbox
 * protocol §8.1), which servers do not promise for documents elsewhere, and of a project whose
 * documents are all closed.
 */
final class SymbolSearch {
  private final LspSession session;

  SymbolSearch(LspSession session) {
    this.session = session;
  }

  /** Symbols of an open document. */
  static List<Symbol> ofDocument(LspSession session, Documents.Use document, String uri)
      throws InterruptedException {
    DocumentSymbolParams params =
        new DocumentSymbolParams(new TextDocumentIdentifier(document.serverUri()));
    return Conversions.documentSymbols(
        session.ask(
            "textDocument/documentSymbol",
            server -> server.getTextDocumentService().documentSymbol(params)),
        uri);
  }

  /** Symbols whose names fit a query. */
  List<Symbol> find(String query) throws InterruptedException {
    if (session.key().language().searchesOpenProjectsOnly() && session.documents().isEmpty()) {
      Optional<String> any = session.anySource();
      if (any.isEmpty()) {
        return List.of();
      }
      try (Documents.Use _ = session.documents().use(any.get())) {
        return search(query);
      }
    }
    return search(query);
  }

  private List<Symbol> search(String query) throws InterruptedException {
    List<Symbol> found =
        Conversions.workspaceSymbols(
            session.ask(
                "workspace/symbol",
                server -> server.getWorkspaceService().symbol(new WorkspaceSymbolParams(query))),
            session.documents()::asSent);
    Set<Symbol> all = new LinkedHashSet<>(found);
    for (Map.Entry<String, String> document : session.documents().all().entrySet()) {
      if (!isInProject(document.getKey())) {
        all.addAll(inDocument(document.getValue(), query));
      }
    }
    return new ArrayList<>(all);
  }

  private boolean isInProject(String path) {
    return path.startsWith(SandboxPaths.join(session.root(), ""));
  }

  private List<Symbol> inDocument(String uri, String query) throws InterruptedException {
    String wanted = query.toLowerCase(Locale.ROOT);
    try (Documents.Use document = session.documents().use(uri)) {
      return ofDocument(session, document, uri).stream()
          .filter(symbol -> symbol.name().toLowerCase(Locale.ROOT).contains(wanted))
          .toList();
    }
  }
}
