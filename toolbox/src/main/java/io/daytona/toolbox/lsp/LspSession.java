package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.eclipse.lsp4j.InitializeParams;
import org.eclipse.lsp4j.InitializedParams;
import org.eclipse.lsp4j.WorkspaceFolder;
import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;
import org.eclipse.lsp4j.services.LanguageServer;
import org.jspecify.annotations.Nullable;

/** One initialized language server. */
final class LspSession {
  private static final Duration FAREWELL = Duration.ofSeconds(2);
  private static final int MAX_UNANSWERED = 16;

  private final Agent agent;
  private final ServerKey key;
  private final String root;
  private final ServerPipe pipe;
  private final Diagnostics diagnostics;
  private final Documents documents;
  private final LspLimits limits;
  private final AtomicInteger unanswered = new AtomicInteger();

  private LspSession(
      Agent agent,
      ServerKey key,
      String root,
      ServerPipe pipe,
      Diagnostics diagnostics,
      Documents documents,
      LspLimits limits) {
    this.agent = agent;
    this.key = key;
    this.root = root;
    this.pipe = pipe;
    this.diagnostics = diagnostics;
    this.documents = documents;
    this.limits = limits;
  }

  /**
   * Starts a server and initializes it.
   *
   * @throws DaytonaException when the sandbox lacks something or the server does not come up
   */
  static LspSession start(
      Running sandbox, ServerKey key, LspPrograms programs, LspLimits limits, MessageMemory memory)
      throws InterruptedException {
    String root = DocumentUri.path(sandbox, key.pathToProject());
    WorkspaceFolder project =
        new WorkspaceFolder(DocumentUri.of(root), SandboxPaths.baseName(root));
    Diagnostics diagnostics = new Diagnostics(memory);
    SandboxClient client = new SandboxClient(project, diagnostics);
    ServerPipe pipe =
        spawn(sandbox, key.language(), programs, client, limits, memory, diagnostics::closeAll);
    Documents documents =
        new Documents(
            sandbox, key.language(), pipe.server().getTextDocumentService(), diagnostics, limits);
    LspSession session =
        new LspSession(sandbox.agent(), key, root, pipe, diagnostics, documents, limits);
    try {
      session.initialize(project, key.language().options(programs));
      return session;
    } catch (RuntimeException | InterruptedException e) {
      pipe.close();
      throw e;
    }
  }

  private static ServerPipe spawn(
      Running sandbox,
      Language language,
      LspPrograms programs,
      SandboxClient client,
      LspLimits limits,
      MessageMemory memory,
      Runnable atEnd) {
    String location = language.location(programs);
    try {
      sandbox.agent().stat(location, true);
    } catch (AgentException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
        throw LspFault.notBrought(location);
      }
      throw e;
    }
    // In the root directory, so that no file of the project is taken for a part of the server.
    Spawn program = Spawn.merged(language.command(programs), Map.of(), "/").withStdin().unmerged();
    try {
      return ServerPipe.start(sandbox.agent(), program, client, limits, memory, atEnd);
    } catch (AgentException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.EACCES || e.errno() == Errno.ENOTDIR) {
        throw LspFault.noInterpreter(language);
      }
      throw e;
    }
  }

  private void initialize(WorkspaceFolder project, Map<String, Object> options)
      throws InterruptedException {
    InitializeParams params = Initialization.params(project, options);
    try {
      ask("initialize", limits.start(), server -> server.initialize(params));
    } catch (DaytonaException e) {
      String reason = endReason();
      throw reason == null ? e : LspFault.notStarted(key, reason);
    }
    pipe.server().initialized(new InitializedParams());
  }

  /** What names it. */
  ServerKey key() {
    return key;
  }

  /** Absolute path of its project. */
  String root() {
    return root;
  }

  /** Its documents. */
  Documents documents() {
    return documents;
  }

  /** The path of any source file of its project; empty when none is found. */
  Optional<String> anySource() throws InterruptedException {
    return ProjectSources.any(agent, key.language(), root);
  }

  /** Its findings. */
  Diagnostics diagnostics() {
    return diagnostics;
  }

  /** Why it has ended; null while it runs. */
  @Nullable String endReason() {
    return pipe.ended().getNow(null);
  }

  /**
   * Asks the server.
   *
   * @return its answer; null when it has none
   * @throws DaytonaException when it refuses, hangs or has ended
   */
  <T> @Nullable T ask(String method, Function<LanguageServer, CompletableFuture<T>> question)
      throws InterruptedException {
    return ask(method, limits.request(), question);
  }

  private <T> @Nullable T ask(
      String method, Duration limit, Function<LanguageServer, CompletableFuture<T>> question)
      throws InterruptedException {
    CompletableFuture<T> answer = question.apply(pipe.server());
    try {
      CompletableFuture.anyOf(answer, pipe.ended()).get(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (!answer.isDone()) {
        throw LspFault.ended(key, String.valueOf(endReason()));
      }
      return answer.get();
    } catch (TimeoutException e) {
      answer.cancel(true);
      if (unanswered.incrementAndGet() >= MAX_UNANSWERED) {
        pipe.end("left " + MAX_UNANSWERED + " requests unanswered and was stopped");
      }
      throw LspFault.timeout(key, method, limit);
    } catch (ExecutionException e) {
      throw LspFault.refused(key, text(e.getCause()));
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    }
  }

  private static String text(@Nullable Throwable cause) {
    return cause instanceof ResponseErrorException refused && refused.getMessage() != null
        ? refused.getMessage()
        : "an answer that is not of its protocol";
  }

  /** Ends the server, kindly if it lets itself. */
  void stop() throws InterruptedException {
    try {
      ask("shutdown", FAREWELL, LanguageServer::shutdown);
      pipe.server().exit();
      pipe.ended().get(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (DaytonaException | TimeoutException | ExecutionException e) {
      pipe.end("did not stop and was killed");
    } finally {
      pipe.close();
    }
  }
}
