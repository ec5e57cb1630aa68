package io.daytona.toolbox.terminal;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.process.Shells;
import java.util.List;
import java.util.stream.Stream;

/** Starts the shells of terminals: the sandbox's, interactive and as a login (§4.1). */
final class TerminalShell {
  private static final List<String> OPTIONS = List.of("-i", "-l");
  private static final int ATTEMPTS = 3;

  /** Bytes of output that the sandbox's disk keeps of a terminal. */
  static final long KEPT_BYTES = 16L << 20;

  private final Shells shells = new Shells();

  /**
   * Starts one.
   *
   * @param process the agent's id for it
   * @return its output from the beginning
   */
  AgentProcess start(Agent agent, TerminalSettings settings, String process) {
    Spawn shell =
        Spawn.merged(List.of(), settings.envs(), settings.cwd())
            .onTerminal(settings.size())
            .withSubreaper()
            .detachedAs(process, TerminalLabel.of(settings), KEPT_BYTES);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Shells.Choice choice = shells.remembered(agent).orElseGet(() -> shells.choose(agent));
      try {
        return agent.spawn(shell.withArgv(argv(choice)).provided(choice.stamp()));
      } catch (AgentException e) {
        if (e.errno() != Errno.ESTALE) {
          throw e;
        }
        shells.forget(agent, choice);
      }
    }
    // Somebody keeps changing the list: any of its states will do.
    return agent.spawn(shell.withArgv(argv(shells.choose(agent))));
  }

  private static List<String> argv(Shells.Choice choice) {
    return Stream.concat(choice.argv().stream(), OPTIONS.stream()).toList();
  }
}
