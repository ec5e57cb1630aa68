package io.daytona.toolbox.git;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.wire.error.DaytonaException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Git inside one sandbox, for one call: the program on the sandbox's PATH, or the one the platform
 * brings when the image has none.
 */
final class Git {
  /** What the platform brings into every sandbox. */
  static final String BROUGHT = "/.daytona/bin/git";

  private static final String OWN = "git";
  private static final int MAX_MESSAGE = 2_000;
  private static final int SIGKILL = 9;

  private final Running sandbox;
  private final boolean structured;
  private @Nullable String found;

  /**
   * @param sandbox where it runs
   * @param structured whether the client tells errors apart by the codes of git
   */
  Git(Running sandbox, boolean structured) {
    this.sandbox = sandbox;
    this.structured = structured;
  }

  /** The sandbox. */
  Running sandbox() {
    return sandbox;
  }

  /** Absolute path of what a client names; {@code ~/} is the home directory. */
  String absolute(String path) {
    return SandboxPaths.absolute(sandbox, path);
  }

  /**
   * Runs git to its end.
   *
   * @return what it gave, whatever its exit code
   * @throws DaytonaException when it cannot be started or its directory is not there
   */
  GitOutput run(GitCommand command) throws InterruptedException {
    try (GitRecords records = start(command, '\0')) {
      String out = GitOutput.text(records.rest());
      return new GitOutput(records.status(), out, hide(command, records.errors()));
    }
  }

  /**
   * Runs git to its success.
   *
   * @throws DaytonaException what went wrong
   */
  GitOutput check(GitCommand command) throws InterruptedException {
    GitOutput output = run(command);
    if (!output.succeeded()) {
      throw failure(output);
    }
    return output;
  }

  /** Whether git's exit code is 0, or 1; anything else is an error. */
  boolean test(GitCommand command) throws InterruptedException {
    GitOutput output = run(command);
    if (output.status() > 1 || output.status() < 0) {
      throw failure(output);
    }
    return output.succeeded();
  }

  /** Starts git to read its output bit by bit; the caller closes the records. */
  GitRecords start(GitCommand command, char terminator) {
    AgentProcess process = spawn(command);
    GitWatch watch =
        new GitWatch(
            sandbox.agent(),
            process,
            command.network() ? GitWatch.Patience.NETWORK : GitWatch.Patience.LOCAL,
            message -> error(GitFault.BAD_REQUEST, message));
    return new GitRecords(process, terminator, watch);
  }

  /** The error for a run that failed. */
  DaytonaException failure(GitOutput output) {
    String text = output.err() + "\n" + output.out();
    GitFault fault = output.status() == -SIGKILL ? GitFault.KILLED : GitFaults.of(text);
    String message = message(output);
    return error(fault, message + GitFaults.remedy(fault, text));
  }

  /** An error of a kind. */
  DaytonaException error(GitFault fault, String message) {
    return fault.error(message, structured);
  }

  private AgentProcess spawn(GitCommand command) {
    if (command.credentials() != null) {
      return spawn(command, program(command.directory()));
    }
    if (found != null) {
      return spawn(command, found);
    }
    try {
      AgentProcess process = spawn(command, OWN);
      found = OWN;
      return process;
    } catch (NotThere e) {
      found = BROUGHT;
      return spawnBrought(command);
    }
  }

  /** The program that is there; started through another one its absence would show too late. */
  private String program(String directory) {
    if (found == null) {
      spawn(GitCommand.in(directory, "version")).close();
    }
    return found == null ? OWN : found;
  }

  private AgentProcess spawnBrought(GitCommand command) {
    try {
      return spawn(command, BROUGHT);
    } catch (NotThere e) {
      throw error(
          GitFault.PROGRAM_MISSING,
          "git was not found in the sandbox; install the package git in its image");
    }
  }

  private AgentProcess spawn(GitCommand command, String program) {
    try {
      return sandbox.agent().spawn(GitSpawns.of(command, program));
    } catch (AgentException e) {
      boolean absent = e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR;
      if (e.code().equals("cwd") && absent) {
        throw error(GitFault.REPO_NOT_FOUND, "repository does not exist");
      }
      if (e.errno() == Errno.EACCES) {
        throw error(GitFault.FORBIDDEN, "permission denied");
      }
      if (!absent) {
        throw e;
      }
      if (command.credentials() != null) {
        throw error(
            GitFault.PROGRAM_MISSING,
            "the sandbox lacks the platform's "
                + GitSpawns.ASKPASS
                + "; stop and start it to use credentials");
      }
      throw new NotThere(e);
    }
  }

  private static String hide(GitCommand command, String text) {
    GitCredentials login = command.credentials();
    return login == null ? text : login.hide(text);
  }

  private static String message(GitOutput output) {
    List<String> lines =
        output
            .err()
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("hint:"))
            .map(line -> line.replaceFirst("^(fatal|error): ", "").stripTrailing())
            .toList();
    if (lines.isEmpty()) {
      lines = output.lines();
    }
    String text = lines.stream().collect(Collectors.joining("\n"));
    if (text.isBlank()) {
      return output.status() < 0
          ? "git was killed by signal " + -output.status()
          : "git ended with exit code " + output.status();
    }
    return text.length() <= MAX_MESSAGE ? text : text.substring(text.length() - MAX_MESSAGE);
  }

  /** A program that the sandbox does not have. */
  private static final class NotThere extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotThere(AgentException cause) {
      super(cause);
    }
  }
}
