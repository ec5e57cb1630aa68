package io.daytona.toolbox.terminal;

import io.daytona.toolbox.agent.Spawn;

/**
 * A terminal that has not ended.
 *
 * @param settings what it was created with
 * @param process the agent's id of its shell; empty until that is started
 * @param pid pid of its shell inside the sandbox, 0 until that is started
 * @param size present size
 */
record Terminal(TerminalSettings settings, String process, long pid, Spawn.Terminal size) {
  /** One whose shell waits for the first client. */
  static Terminal unstarted(TerminalSettings settings) {
    return new Terminal(settings, "", 0, settings.size());
  }

  boolean isStarted() {
    return !process.isEmpty();
  }

  TerminalReply reply() {
    return new TerminalReply(
        settings.id(),
        settings.cwd(),
        settings.envs(),
        size.cols(),
        size.rows(),
        settings.createdAt(),
        isStarted(),
        settings.lazyStart(),
        isStarted() ? pid : null);
  }
}
