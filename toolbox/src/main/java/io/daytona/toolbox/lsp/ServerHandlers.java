package io.daytona.toolbox.lsp;

import io.daytona.http.Call;
import org.jspecify.annotations.Nullable;

/** {@code /lsp/start}, {@code /stop}, {@code /did-open} and {@code /did-close}. */
final class ServerHandlers {
  private final LspCalls calls;

  /**
   * @param calls finds servers
   */
  ServerHandlers(LspCalls calls) {
    this.calls = calls;
  }

  @Nullable Void start(Call<LspRequests.Server> call) throws InterruptedException {
    calls.start(call, LspCalls.key(call.body().languageId(), call.body().pathToProject()));
    return null;
  }

  @Nullable Void stop(Call<LspRequests.Server> call) throws InterruptedException {
    calls.stop(call, LspCalls.key(call.body().languageId(), call.body().pathToProject()));
    return null;
  }

  @Nullable Void open(Call<LspRequests.Document> call) throws InterruptedException {
    String uri = LspCalls.required("uri", call.body().uri());
    session(call).documents().open(uri);
    return null;
  }

  @Nullable Void close(Call<LspRequests.Document> call) throws InterruptedException {
    String uri = LspCalls.required("uri", call.body().uri());
    session(call).documents().close(uri);
    return null;
  }

  private LspSession session(Call<LspRequests.Document> call) throws InterruptedException {
    LspRequests.Document body = call.body();
    return calls.session(call, LspCalls.key(body.languageId(), body.pathToProject()));
  }
}
