package io.daytona.toolbox.process;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.Spawn.Stamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.stream.Stream;

/**
 * Chooses the shell of a sandbox by its {@code /etc/shells} (toolbox protocol §2.1) and remembers
 * the choice together with the file's stamp, so that a later call has only to compare stamps.
 */
public final class Shells {
  private static final String FILE = "/etc/shells";
  private static final int MAX_BYTES = 65_536;
  private static final int ATTEMPTS = 3;
  private static final List<String> PREFERRED =
      List.of("/usr/bin/zsh", "/bin/zsh", "/usr/bin/bash", "/bin/bash");

  /**
   * Hands over to the user's shell when the list names none of the preferred ones; users that are
   * not meant to log in have one that runs nothing.
   */
  private static final List<String> FALLBACK =
      List.of(
          "/bin/sh",
          "-c",
          """
          s=${SHELL:-sh}
          case $s in */nologin|*/false) s=sh ;; esac
          command -v "$s" >/dev/null || s=sh
          exec "$s" "$@"
          """,
          "sh");

  private final Map<Agent, Choice> known = Collections.synchronizedMap(new WeakHashMap<>());

  /**
   * A shell and what the choice rests on.
   *
   * @param argv program and arguments, to which options may be added; without them it reads
   *     commands from its standard input
   * @param stamp state of the file when it was read
   */
  public record Choice(List<String> argv, Stamp stamp) {
    private List<String> with(List<String> arguments) {
      return Stream.concat(argv.stream(), arguments.stream()).toList();
    }
  }

  /** The last choice for a sandbox's boot, which may be out of date. */
  public Optional<Choice> remembered(Agent agent) {
    return Optional.ofNullable(known.get(agent));
  }

  /** Drops a choice that is out of date, unless there is a newer one. */
  public void forget(Agent agent, Choice old) {
    known.remove(agent, old);
  }

  /** Reads the file and chooses. */
  public Choice choose(Agent agent) {
    Choice choice = read(agent);
    known.put(agent, choice);
    return choice;
  }

  /**
   * Starts the shell with arguments. The remembered one is started only when the list of shells is
   * still what it was chosen from, which the agent looks at in the same request: every call is
   * served by the right shell at the cost of one round trip.
   *
   * @param shell what to start, but for the program
   * @throws StartFailure when there is no shell
   */
  AgentProcess start(Agent agent, Spawn shell, List<String> arguments) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Choice choice = remembered(agent).orElseGet(() -> choose(agent));
      Spawn started = shell.withArgv(choice.with(arguments)).provided(choice.stamp());
      try {
        return StartFailure.spawn(agent, started);
      } catch (StartFailure e) {
        if (e.errno() != Errno.ESTALE) {
          throw e;
        }
        forget(agent, choice);
      }
    }
    // Somebody keeps changing the list: any of its states will do.
    return StartFailure.spawn(agent, shell.withArgv(choose(agent).with(arguments)));
  }

  private Choice read(Agent agent) {
    try (Download shells = agent.read(FILE, 0, MAX_BYTES)) {
      String text = new String(shells.bytes().readAllBytes(), StandardCharsets.UTF_8);
      return new Choice(pick(text), Stamp.of(FILE, shells.stat()));
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return new Choice(FALLBACK, stamp(agent));
    } catch (IOException e) {
      throw new AgentException(0, AgentException.LOST, String.valueOf(e.getMessage()));
    }
  }

  /** The state of a list that cannot be read. */
  private static Stamp stamp(Agent agent) {
    try {
      return Stamp.of(FILE, agent.stat(FILE, true));
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return Stamp.absent(FILE);
    }
  }

  /** The first preferred shell that the lines mention outside comments. */
  static List<String> pick(String text) {
    List<String> lines =
        text.lines().map(String::strip).filter(line -> !line.startsWith("#")).toList();
    for (String shell : PREFERRED) {
      if (lines.stream().anyMatch(line -> line.contains(shell))) {
        return List.of(shell);
      }
    }
    return FALLBACK;
  }
}
