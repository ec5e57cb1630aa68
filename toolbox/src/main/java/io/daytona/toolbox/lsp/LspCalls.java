package io.daytona.toolbox.lsp;

import io.daytona.http.Call;
import io.daytona.http.Endpoint.Handler;
import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import org.jspecify.annotations.Nullable;

/** Reads what calls about language servers have in common. */
final class LspCalls {
  private final SandboxCalls calls;
  private final LanguageServers servers;

  /**
   * @param calls finds sandboxes
   * @param servers finds servers
   */
  LspCalls(SandboxCalls calls, LanguageServers servers) {
    this.calls = calls;
    this.servers = servers;
  }

  /** Starts a server. */
  void start(Call<?> call, ServerKey key) throws InterruptedException {
    servers.start(calls.sandbox(call), key);
  }

  /** Stops a server. */
  void stop(Call<?> call, ServerKey key) throws InterruptedException {
    servers.of(calls.sandbox(call)).stop(key);
  }

  /** The server that a body names. */
  LspSession session(Call<?> call, ServerKey key) throws InterruptedException {
    return servers.of(calls.sandbox(call)).session(key);
  }

  /** The server that a query names. */
  LspSession session(Call<?> call) throws InterruptedException {
    String language = parameter(call, "languageId");
    String project = parameter(call, "pathToProject");
    return session(call, new ServerKey(language(language), project));
  }

  /** What names a server in a body. */
  static ServerKey key(@Nullable String languageId, @Nullable String pathToProject) {
    String language = required("languageId", languageId);
    String project = required("pathToProject", pathToProject);
    return new ServerKey(language(language), project);
  }

  private static Language language(String id) {
    return Language.of(id)
        .orElseThrow(() ->
            ToolboxError.badRequest(
                "unsupported language: "
                    + ErrorTail.shorten(id)
                    + "; there are python, typescript and javascript"));
  }

  /** A key that a body must have. */
  static String required(String key, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      throw ToolboxError.invalidBody(key + " is required");
    }
    return value;
  }

  /** A parameter that a query must have. */
  static String parameter(Call<?> call, String name) {
    return call.query(name)
        .filter(value -> !value.isEmpty())
        .orElseThrow(() -> ToolboxError.badRequest(name + " is required"));
  }

  /** Gives clients before 0.201 the codes that they know. */
  static <B, R> Handler<B, R> inTheirCodes(Handler<B, R> handler) {
    return call -> {
      try {
        return handler.handle(call);
      } catch (DaytonaException e) {
        boolean old =
            ClientVersion.of(call).map(version -> version.isBefore(0, 201, 0)).orElse(false);
        throw old ? LspFault.forOldClient(e) : e;
      }
    };
  }
}
