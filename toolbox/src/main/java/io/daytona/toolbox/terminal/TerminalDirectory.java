package io.daytona.toolbox.terminal;

import io.daytona.toolbox.SandboxDirectory.Running;
import java.util.concurrent.ConcurrentHashMap;

/** The terminals of all sandboxes. */
final class TerminalDirectory {
  private final TerminalShell shell = new TerminalShell();
  private final ConcurrentHashMap<String, SandboxTerminals> all = new ConcurrentHashMap<>();

  /** Those of a sandbox. */
  SandboxTerminals of(Running sandbox) {
    SandboxTerminals known = all.get(sandbox.sandboxId());
    if (known != null && known.reach(sandbox)) {
      return known;
    }
    all.values().removeIf(SandboxTerminals::isAbandoned);
    return all.compute(
        sandbox.sandboxId(),
        (id, other) ->
            other != null && other.reach(sandbox) ? other : new SandboxTerminals(sandbox, shell));
  }
}
