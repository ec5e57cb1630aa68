package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxDirectory.Running;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The language servers of all sandboxes. They end with the connection to their sandbox: after a
 * restart of the platform clients start them again.
 */
final class LanguageServers {
  private final LspPrograms programs;
  private final LspLimits limits;
  private final MessageMemory memory;
  private final ConcurrentHashMap<String, SandboxServers> sandboxes = new ConcurrentHashMap<>();

  LanguageServers(LspPrograms programs, LspLimits limits) {
    this.programs = programs;
    this.limits = limits;
    this.memory = MessageMemory.ofAll(limits.allBytes());
  }

  /** Starts a server unless it runs. */
  void start(Running sandbox, ServerKey key) throws InterruptedException {
    sandboxes.values().removeIf(servers -> !servers.agent().isOpen());
    of(sandbox).start(sandbox, key);
  }

  /** The servers of a sandbox. */
  SandboxServers of(Running sandbox) {
    return sandboxes.compute(
        sandbox.sandboxId(),
        (id, known) ->
            known != null && known.agent().equals(sandbox.agent())
                ? known
                : new SandboxServers(
                    sandbox.agent(), programs, limits, memory.part(limits.sandboxBytes())));
  }
}
