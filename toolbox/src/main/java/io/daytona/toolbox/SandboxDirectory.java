package io.daytona.toolbox;

import io.daytona.toolbox.agent.Agent;
import java.util.OptionalLong;

/** Finds the agent of a running sandbox. */
public interface SandboxDirectory {
  /**
   * The sandbox's running side.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 when it does not run, 503 while its agent
   *     does not answer
   */
  Running find(String sandboxId);

  /**
   * How many processes the memory limit has ended since the sandbox was started; empty where nobody
   * counts.
   */
  default OptionalLong memoryKills(String sandboxId) {
    return OptionalLong.empty();
  }

  /**
   * A running sandbox.
   *
   * @param sandboxId its id
   * @param agent its agent, shared by all requests
   * @param home home directory of its user
   * @param workdir directory that relative paths start from
   * @param user user that programs run as
   */
  record Running(String sandboxId, Agent agent, String home, String workdir, String user) {}
}
