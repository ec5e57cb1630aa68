package io.daytona.toolbox.interpreter;

import io.daytona.toolbox.SandboxDirectory.Running;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The contexts of all sandboxes. What outlives a connection to a sandbox is in the sandbox. */
final class Contexts {
  private final Map<String, SandboxContexts> bySandbox = new ConcurrentHashMap<>();

  /** The contexts of a sandbox. */
  SandboxContexts of(Running sandbox) {
    SandboxContexts known = bySandbox.get(sandbox.sandboxId());
    if (known != null && known.uses(sandbox.agent())) {
      return known;
    }
    bySandbox.values().removeIf(old -> !old.agent().isOpen());
    return bySandbox.compute(
        sandbox.sandboxId(),
        (_, old) ->
            old != null && old.uses(sandbox.agent()) ? old : new SandboxContexts(sandbox.agent()));
  }
}
