package io.daytona.toolbox.session;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.process.Shells;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of all sandboxes. What is known of a sandbox is good for one connection to its
 * agent; with the next one everything is looked for again.
 */
final class SessionDirectory {
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private final Shells shells = new Shells();
  private final SessionLimits limits;

  /**
   * @param limits how much of ended commands is kept
   */
  SessionDirectory(SessionLimits limits) {
    this.limits = limits;
  }

  /** The sessions of one connection to an agent, found when they are first asked for. */
  private static final class Entry {
    private final Agent agent;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable SandboxSessions sessions;

    Entry(Agent agent) {
      this.agent = agent;
    }
  }

  /** The sessions of a sandbox. */
  SandboxSessions of(Running sandbox) throws InterruptedException {
    Entry entry = entries.get(sandbox.sandboxId());
    if (entry == null || !entry.agent.equals(sandbox.agent())) {
      entries.values().removeIf(old -> !old.agent.isOpen());
      entry =
          entries.compute(
              sandbox.sandboxId(),
              (id, old) ->
                  old != null && old.agent.equals(sandbox.agent())
                      ? old
                      : new Entry(sandbox.agent()));
    }
    entry.lock.lockInterruptibly();
    try {
      SandboxSessions sessions = entry.sessions;
      if (sessions == null) {
        sessions = SandboxSessions.restore(sandbox, shells, limits);
        entry.sessions = sessions;
      }
      return sessions;
    } finally {
      entry.lock.unlock();
    }
  }
}
