package io.daytona.runner.sandbox;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ResolvedIdentity;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the home directory of a sandbox's user where its image lacks one: clients keep files there,
 * and relative paths start from it.
 */
final class HomeDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(HomeDirectory.class);
  private static final String ROOT = "root";
  private static final int MODE = 0755;

  /** The home, by convention, of users that shall have none. */
  private static final String NONE = "/nonexistent";

  private HomeDirectory() {}

  /**
   * Gives the sandbox its identity, in a home directory where one can be had; otherwise programs
   * start in {@code /}.
   *
   * @param identify gives the agent a user and a working directory, empty for the home
   */
  static ResolvedIdentity provide(
      Agent agent, String user, BiFunction<String, String, ResolvedIdentity> identify) {
    ResolvedIdentity found = identify.apply(user, "");
    if (found.cwd().equals(found.home()) || !isMissing(agent, found.home())) {
      return found;
    }
    // Only root can make it, and the agent's file operations are the identity's.
    ResolvedIdentity _ = identify.apply(ROOT, "/");
    boolean made = make(agent, found.home(), found.user());
    return identify.apply(user, made ? found.home() : "/");
  }

  private static boolean isMissing(Agent agent, String home) {
    try {
      agent.stat(home, false);
      return false;
    } catch (AgentException e) {
      return e.errno() == Errno.ENOENT && !home.equals(NONE);
    }
  }

  private static boolean make(Agent agent, String home, String user) {
    try {
      agent.mkdir(home, MODE, true);
      agent.chmod(home, MODE, user, "");
      return true;
    } catch (AgentException e) {
      if (e.code().equals(AgentException.LOST)) {
        throw e;
      }
      LOG.info("the home directory {} cannot be made: errno {}", home, e.errno());
      return false;
    }
  }
}
