package io.daytona.toolbox.process;

import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxDirectory.Usage;
import io.daytona.toolbox.agent.Agent;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;

/**
 * Tells whether a killed program fell to the memory limit. The limit is the whole sandbox's, so its
 * count of kills is asked for only after a kill and compared with what it was when last asked.
 */
final class MemoryKills {
  private static final int SIGKILL = 9;

  /** What a shell answers for a child that was killed. */
  private static final int SHELL_KILLED = 128 + SIGKILL;

  private final SandboxCalls calls;
  private final Map<Agent, Long> seen = Collections.synchronizedMap(new WeakHashMap<>());

  MemoryKills(SandboxCalls calls) {
    this.calls = calls;
  }

  /**
   * Whether the memory limit explains a status.
   *
   * @param status exit code, or minus the signal
   */
  boolean explain(Running sandbox, int status) {
    if (status != -SIGKILL && status != SHELL_KILLED) {
      return false;
    }
    Optional<Usage> usage = calls.usage(sandbox);
    if (usage.isEmpty()) {
      return false;
    }
    long count = usage.get().memoryKills();
    Long before = seen.put(sandbox.agent(), count);
    return count > (before == null ? 0 : before);
  }
}
