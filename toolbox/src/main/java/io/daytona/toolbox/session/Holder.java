package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The process that holds the pipes of a command while it runs, so that the agent keeps the
 * command's output in a ring of its own and can feed its input.
 *
 * @param command the command
 * @param whole its text; empty when it is in the file
 * @param file where its text is otherwise
 */
record Holder(Command command, String whole, String file) {
  /** Waits for its SIGKILL; starts in a quarter of the time that a shell takes. */
  private static final List<String> PROGRAM = List.of("/.daytona/bin/hold");

  /** For sandboxes of an earlier release; stays stopped even when somebody continues it. */
  private static final List<String> SHELL =
      List.of("/bin/sh", "-c", "while :; do kill -STOP $$; done");

  private static final Duration SOON = Duration.ofSeconds(5);
  private static final int SIGKILL = 9;

  /** Characters of a long text that stay in the label. */
  private static final int CUT = 512;

  /** Text that may be fed in place: one frame, which the agent takes whole or not at all. */
  private static final int IN_PLACE = 65_536;

  /**
   * Chooses an id. A text that does not fit the label goes to a file, from which the shell reads
   * it; where no file can be written it is fed in place and only its beginning is shown later.
   */
  static Holder prepare(
      String session, long number, String text, boolean async, boolean quiet, SessionFiles files) {
    String id = UUID.randomUUID().toString();
    ProcessLabel label =
        new ProcessLabel(ProcessLabel.COMMAND, session, id, number, async, quiet, text, false);
    if (label.fits()) {
      return new Holder(command(label), text, "");
    }
    Command cut = command(label.cutTo(Math.min(CUT, text.length())));
    String path = files.path(cut, "cmd.sh");
    try {
      files.write(path, text);
      return new Holder(cut, "", path);
    } catch (AgentException e) {
      if (e.errno() == 0 || text.length() > IN_PLACE) {
        throw e;
      }
      return new Holder(cut, text, "");
    }
  }

  private static Command command(ProcessLabel label) {
    return new Command(label, "command-" + label.id());
  }

  /** What the session's shell is fed to run the command with the pipes of this holder. */
  String text(ShellText.Kind kind, long pid) {
    return file.isEmpty()
        ? ShellText.run(kind, command.id(), pid, whole)
        : ShellText.runFile(kind, command.id(), pid, file);
  }

  /** Starts the process and reads its output. */
  AgentProcess spawn(Agent agent) {
    try {
      return spawn(agent, PROGRAM);
    } catch (AgentException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      return spawn(agent, SHELL);
    }
  }

  private AgentProcess spawn(Agent agent, List<String> argv) {
    Spawn holder = Spawn.merged(argv, Map.of(), "/").unmerged();
    ProcessLabel label = command.label();
    return agent.spawn(
        (label.async() ? holder.withStdin() : holder)
            .detachedAs(command.process(), label.text(), 0));
  }

  /** Removes a holder that no command will use. */
  static void discard(Agent agent, AgentProcess output) {
    try (output) {
      signalIfRunning(agent, output.process());
      awaitEnd(output);
      agent.forget(output.process());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void signalIfRunning(Agent agent, String process) {
    try {
      agent.signal(process, SIGKILL, false);
    } catch (AgentException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }

  /** Waits a moment for the end of a process. */
  static void awaitEnd(AgentProcess output) throws InterruptedException {
    long deadline = System.nanoTime() + SOON.toNanos();
    for (long left = SOON.toNanos(); left > 0; left = deadline - System.nanoTime()) {
      if (output.next(Duration.ofNanos(left)) instanceof Output.Exit) {
        return;
      }
    }
  }
}
