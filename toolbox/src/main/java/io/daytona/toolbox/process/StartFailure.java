package io.daytona.toolbox.process;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.AgentErrors;

/** A program that did not start; for clients this is a result, not an error of the request. */
final class StartFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String text;
  private final String reason;
  private final int errno;
  private final boolean ofDirectory;

  private StartFailure(String text, AgentException cause) {
    super(text, cause);
    this.text = text;
    this.reason = AgentErrors.text(cause);
    this.errno = cause.errno();
    this.ofDirectory = cause.code().equals("cwd");
  }

  /**
   * Starts a program.
   *
   * @throws StartFailure when the sandbox's kernel refused it
   * @throws AgentException when the sandbox cannot be reached or is overloaded
   */
  static AgentProcess spawn(Agent agent, Spawn spawn) {
    try {
      return agent.spawn(spawn);
    } catch (AgentException e) {
      if (AgentErrors.isUnavailable(e)) {
        throw e;
      }
      String text = "fork/exec " + spawn.argv().getFirst() + ": " + AgentErrors.text(e);
      throw new StartFailure(text, e);
    }
  }

  /** The reason, as clients see it. */
  String text() {
    return text;
  }

  /** Linux error number. */
  int errno() {
    return errno;
  }

  /** The system's words for the reason. */
  String reason() {
    return reason;
  }

  /** Whether the working directory is what cannot be used. */
  boolean isOfDirectory() {
    return ofDirectory;
  }

  /** Whether there is no such program. */
  boolean isMissing() {
    return errno == Errno.ENOENT && !ofDirectory;
  }
}
