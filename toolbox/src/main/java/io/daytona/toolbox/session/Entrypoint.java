package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.toolbox.session.log.EmptyLog;
import io.daytona.toolbox.session.log.RingLog;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session {@code entrypoint} with the one command that the sandbox was started with (toolbox
 * protocol §3.8). A sandbox whose image has none is shown with the one that does nothing.
 */
public final class Entrypoint {
  /** Id of the session. */
  public static final String SESSION = "entrypoint";

  /** Id of its command. */
  public static final String COMMAND = "entrypoint_command";

  private static final Logger LOG = LoggerFactory.getLogger(Entrypoint.class);
  private static final Duration LONG = Duration.ofDays(1);
  private static final String NOTHING = "sleep infinity";
  private static final int CUT = 512;

  private final Agent agent;
  private final Command command;
  private final boolean real;

  private Entrypoint(Agent agent, Command command, boolean real) {
    this.agent = agent;
    this.command = command;
    this.real = real;
  }

  /**
   * The program that a sandbox's image asks for: whoever starts the sandbox spawns this once, and
   * its output is the entrypoint's log.
   *
   * @param argv program and arguments
   */
  public static Spawn spawn(List<String> argv) {
    String text = argv.stream().map(ShellText::quote).collect(Collectors.joining(" "));
    ProcessLabel label = label(text);
    if (!label.fits()) {
      label = label.cutTo(Math.min(CUT, text.length()));
    }
    return Spawn.merged(argv, Map.of(), "").unmerged().detachedAs(SESSION, label.text(), 0);
  }

  private static ProcessLabel label(String text) {
    return new ProcessLabel(ProcessLabel.ENTRYPOINT, "", COMMAND, 1, false, true, text, false);
  }

  static Entrypoint of(Agent agent, FoundProcesses found) {
    List<FoundProcesses.Found> entries = found.of(ProcessLabel.ENTRYPOINT);
    if (entries.isEmpty()) {
      return new Entrypoint(agent, new Command(label(NOTHING), ""), false);
    }
    FoundProcesses.Found entry = entries.getFirst();
    Entrypoint entrypoint =
        new Entrypoint(agent, new Command(entry.label(), entry.process()), true);
    if (entry.running()) {
      Thread.ofVirtual().name("entrypoint").start(entrypoint::awaitEnd);
    } else {
      entrypoint.ended(entry.info().status());
    }
    return entrypoint;
  }

  private void awaitEnd() {
    try (AgentProcess process = agent.attach(command.process(), Long.MAX_VALUE, true)) {
      while (true) {
        if (process.next(LONG) instanceof AgentProcess.Output.Exit exit) {
          ended(exit.status());
          return;
        }
      }
    } catch (AgentException e) {
      LOG.debug("the sandbox of an entrypoint went away: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ended(int status) {
    command.exit().complete(status < 0 ? 128 - status : status);
  }

  Command command() {
    return command;
  }

  CommandLog log() {
    return real
        ? new RingLog(agent, command.process(), command.exit(), () -> {})
        : new EmptyLog(agent);
  }
}
