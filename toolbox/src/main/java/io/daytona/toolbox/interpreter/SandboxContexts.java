package io.daytona.toolbox.interpreter;

import io.daytona.http.Json;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.interpreter.WorkerProcesses.Found;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The contexts of one sandbox as one connection to its agent sees them. */
final class SandboxContexts {
  private final Agent agent;
  private final Map<String, Context> known = new ConcurrentHashMap<>();

  SandboxContexts(Agent agent) {
    this.agent = agent;
  }

  /** The connection. */
  Agent agent() {
    return agent;
  }

  /** Whether this is about a connection and no earlier one to the same sandbox. */
  @SuppressWarnings("ReferenceEquality") // a connection is nothing but itself
  boolean uses(Agent connection) {
    return agent == connection;
  }

  /** The context of executions without one. */
  Context defaultContext(String cwd) {
    return known.computeIfAbsent(
        Context.DEFAULT,
        id -> new Context(agent, new ContextLabel(id, cwd, Json.time(Instant.now()))));
  }

  /** Makes a context and starts its worker. */
  Context create(String cwd) throws WorkerUnavailable, InterruptedException {
    String id = UUID.randomUUID().toString();
    Context context = new Context(agent, new ContextLabel(id, cwd, Json.time(Instant.now())));
    context.start();
    known.put(id, context);
    return context;
  }

  /** A context that was made before, perhaps before the platform was restarted. */
  Optional<Context> find(String id) {
    Context context = known.get(id);
    if (context != null) {
      return Optional.of(context);
    }
    return WorkerProcesses.all(agent).stream()
        .filter(found -> found.label().context().equals(id))
        .findFirst()
        .map(found -> known.computeIfAbsent(id, _ -> new Context(agent, found.label())));
  }

  /** All but the default one. */
  List<InterpreterContext> list() {
    return WorkerProcesses.all(agent).stream()
        .filter(found -> !found.label().context().equals(Context.DEFAULT))
        .map(SandboxContexts::describe)
        .toList();
  }

  /**
   * Ends a context.
   *
   * @return false when there is none
   */
  boolean delete(String id) throws InterruptedException {
    Optional<Context> context = find(id);
    if (context.isEmpty()) {
      return false;
    }
    context.get().delete();
    return known.remove(id, context.get());
  }

  private static InterpreterContext describe(Found found) {
    return found.label().describe(found.info().running());
  }
}
