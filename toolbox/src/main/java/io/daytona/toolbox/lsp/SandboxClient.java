package io.daytona.toolbox.lsp;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.ApplyWorkspaceEditParams;
import org.eclipse.lsp4j.ApplyWorkspaceEditResponse;
import org.eclipse.lsp4j.ConfigurationParams;
import org.eclipse.lsp4j.MessageActionItem;
import org.eclipse.lsp4j.MessageParams;
import org.eclipse.lsp4j.PublishDiagnosticsParams;
import org.eclipse.lsp4j.RegistrationParams;
import org.eclipse.lsp4j.ShowDocumentParams;
import org.eclipse.lsp4j.ShowDocumentResult;
import org.eclipse.lsp4j.ShowMessageRequestParams;
import org.eclipse.lsp4j.UnregistrationParams;
import org.eclipse.lsp4j.WorkDoneProgressCreateParams;
import org.eclipse.lsp4j.WorkspaceFolder;
import org.eclipse.lsp4j.services.LanguageClient;

/** Answers what language servers ask of an editor: there are no settings and nobody to look. */
final class SandboxClient implements LanguageClient {
  private static final int MAX_ITEMS = 1000;

  private final WorkspaceFolder project;
  private final Diagnostics diagnostics;

  /**
   * @param project the only folder
   * @param diagnostics takes findings
   */
  SandboxClient(WorkspaceFolder project, Diagnostics diagnostics) {
    this.project = project;
    this.diagnostics = diagnostics;
  }

  @Override
  public void publishDiagnostics(PublishDiagnosticsParams found) {
    if (found != null && found.getUri() != null && found.getDiagnostics() != null) {
      String uri = DocumentUri.of(DocumentUri.pathOfServers(found.getUri()));
      diagnostics.publish(uri, found.getDiagnostics());
    }
  }

  @Override
  public CompletableFuture<List<Object>> configuration(ConfigurationParams asked) {
    int items = asked == null || asked.getItems() == null ? 0 : asked.getItems().size();
    return CompletableFuture.completedFuture(Collections.nCopies(Math.min(items, MAX_ITEMS), null));
  }

  @Override
  public CompletableFuture<List<WorkspaceFolder>> workspaceFolders() {
    return CompletableFuture.completedFuture(List.of(project));
  }

  @Override
  public CompletableFuture<Void> registerCapability(RegistrationParams capabilities) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> unregisterCapability(UnregistrationParams capabilities) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> createProgress(WorkDoneProgressCreateParams progress) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<ApplyWorkspaceEditResponse> applyEdit(ApplyWorkspaceEditParams edit) {
    return CompletableFuture.completedFuture(new ApplyWorkspaceEditResponse(false));
  }

  @Override
  public CompletableFuture<ShowDocumentResult> showDocument(ShowDocumentParams document) {
    return CompletableFuture.completedFuture(new ShowDocumentResult(false));
  }

  @Override
  public CompletableFuture<MessageActionItem> showMessageRequest(ShowMessageRequestParams asked) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> refreshDiagnostics() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void telemetryEvent(Object event) {
    // Nobody is to see it.
  }

  @Override
  public void showMessage(MessageParams message) {
    // Nobody is to see it.
  }

  @Override
  public void logMessage(MessageParams message) {
    // Nobody is to see it.
  }
}
