package io.daytona.toolbox.lsp;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.eclipse.lsp4j.ClientCapabilities;
import org.eclipse.lsp4j.ClientInfo;
import org.eclipse.lsp4j.CompletionCapabilities;
import org.eclipse.lsp4j.CompletionItemCapabilities;
import org.eclipse.lsp4j.DocumentSymbolCapabilities;
import org.eclipse.lsp4j.InitializeParams;
import org.eclipse.lsp4j.MarkupKind;
import org.eclipse.lsp4j.PublishDiagnosticsCapabilities;
import org.eclipse.lsp4j.SymbolCapabilities;
import org.eclipse.lsp4j.SymbolKind;
import org.eclipse.lsp4j.SymbolKindCapabilities;
import org.eclipse.lsp4j.SynchronizationCapabilities;
import org.eclipse.lsp4j.TextDocumentClientCapabilities;
import org.eclipse.lsp4j.WorkspaceClientCapabilities;
import org.eclipse.lsp4j.WorkspaceFolder;

/** What the platform tells a language server of itself. */
final class Initialization {
  private Initialization() {}

  /** The parameters of {@code initialize}. */
  @SuppressWarnings("deprecation") // servers of any age look for the root in any of its places
  static InitializeParams params(WorkspaceFolder project, Map<String, Object> options) {
    InitializeParams params = new InitializeParams();
    params.setClientInfo(new ClientInfo("daytona"));
    params.setRootUri(project.getUri());
    params.setWorkspaceFolders(List.of(project));
    params.setInitializationOptions(options);
    ClientCapabilities capabilities = new ClientCapabilities();
    capabilities.setTextDocument(documents());
    capabilities.setWorkspace(workspace());
    params.setCapabilities(capabilities);
    return params;
  }

  /**
   * Clients get no text format with a completion's text, so that it must be plain, and
   * documentation in either form.
   */
  private static TextDocumentClientCapabilities documents() {
    CompletionItemCapabilities item = new CompletionItemCapabilities(false);
    item.setDocumentationFormat(List.of(MarkupKind.MARKDOWN, MarkupKind.PLAINTEXT));
    DocumentSymbolCapabilities symbols = new DocumentSymbolCapabilities();
    symbols.setSymbolKind(kinds());
    symbols.setHierarchicalDocumentSymbolSupport(false);
    TextDocumentClientCapabilities documents = new TextDocumentClientCapabilities();
    documents.setSynchronization(new SynchronizationCapabilities());
    documents.setCompletion(new CompletionCapabilities(item));
    documents.setDocumentSymbol(symbols);
    documents.setPublishDiagnostics(new PublishDiagnosticsCapabilities());
    return documents;
  }

  private static WorkspaceClientCapabilities workspace() {
    SymbolCapabilities symbols = new SymbolCapabilities();
    symbols.setSymbolKind(kinds());
    WorkspaceClientCapabilities workspace = new WorkspaceClientCapabilities();
    workspace.setSymbol(symbols);
    workspace.setConfiguration(true);
    workspace.setWorkspaceFolders(true);
    return workspace;
  }

  private static SymbolKindCapabilities kinds() {
    return new SymbolKindCapabilities(Arrays.asList(SymbolKind.values()));
  }
}
