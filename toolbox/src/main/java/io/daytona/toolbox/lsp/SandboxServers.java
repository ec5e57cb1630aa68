package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.wire.error.DaytonaException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The language servers of one sandbox, as long as the connection to its agent lasts. */
final class SandboxServers {
  private static final int KEPT_PER_RUNNING = 4;

  private final Agent agent;
  private final LspPrograms programs;
  private final LspLimits limits;
  private final MessageMemory memory;
  private final Map<ServerKey, CompletableFuture<LspSession>> sessions = new HashMap<>();

  /**
   * @param agent connection that the servers live on
   * @param memory what their messages may take
   */
  SandboxServers(Agent agent, LspPrograms programs, LspLimits limits, MessageMemory memory) {
    this.agent = agent;
    this.programs = programs;
    this.limits = limits;
    this.memory = memory;
  }

  /** The connection. */
  Agent agent() {
    return agent;
  }

  /** Starts a server unless it runs. */
  void start(Running sandbox, ServerKey key) throws InterruptedException {
    CompletableFuture<LspSession> mine = new CompletableFuture<>();
    CompletableFuture<LspSession> theirs = claim(key, mine);
    if (theirs != null) {
      await(key, theirs);
      return;
    }
    try {
      mine.complete(LspSession.start(sandbox, key, programs, limits, memory));
    } catch (RuntimeException | InterruptedException e) {
      remove(key, mine);
      mine.completeExceptionally(e);
      throw e;
    }
  }

  /** Stops a server and forgets it; one that has ended is only forgotten. */
  void stop(ServerKey key) throws InterruptedException {
    CompletableFuture<LspSession> known = known(key);
    LspSession session = await(key, known);
    remove(key, known);
    session.stop();
  }

  /**
   * A server that runs.
   *
   * @throws DaytonaException when it does not
   */
  LspSession session(ServerKey key) throws InterruptedException {
    LspSession session = await(key, known(key));
    String reason = session.endReason();
    if (reason != null) {
      throw LspFault.ended(key, reason);
    }
    return session;
  }

  private synchronized CompletableFuture<LspSession> known(ServerKey key) {
    CompletableFuture<LspSession> known = sessions.get(key);
    if (known == null) {
      throw LspFault.notInitialized(key);
    }
    return known;
  }

  /** Takes the place of a server that is to be started; null, or the one that is there. */
  private synchronized @Nullable CompletableFuture<LspSession> claim(
      ServerKey key, CompletableFuture<LspSession> mine) {
    CompletableFuture<LspSession> known = sessions.get(key);
    if (known != null && !hasEnded(known)) {
      return known;
    }
    if (sessions.values().stream().filter(other -> !hasEnded(other)).count() >= limits.servers()) {
      throw LspFault.tooMany(limits.servers());
    }
    if (sessions.size() >= KEPT_PER_RUNNING * limits.servers()) {
      sessions.values().removeIf(SandboxServers::hasEnded);
    }
    sessions.put(key, mine);
    return null;
  }

  private synchronized void remove(ServerKey key, CompletableFuture<LspSession> session) {
    sessions.remove(key, session);
  }

  private static boolean hasEnded(CompletableFuture<LspSession> session) {
    return session.isDone()
        && (session.isCompletedExceptionally() || session.join().endReason() != null);
  }

  private LspSession await(ServerKey key, CompletableFuture<LspSession> session)
      throws InterruptedException {
    try {
      return session.get(limits.start().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw LspFault.timeout(key, "initialize", limits.start());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DaytonaException failure) {
        throw new DaytonaException(
            failure.kind(), failure.code(), failure.sentence(), null, failure);
      }
      throw new CompletionException(e.getCause());
    }
  }
}
