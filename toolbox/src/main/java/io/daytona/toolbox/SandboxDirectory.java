package io.daytona.toolbox;

import io.daytona.toolbox.agent.Agent;
import io.daytona.wire.runner.Origin;
import java.util.Optional;
import java.util.Set;

/** Finds the agent of a running sandbox. */
public interface SandboxDirectory {
  /**
   * The sandbox's running side.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 when it does not run, 503 while its agent
   *     does not answer
   */
  Running find(String sandboxId);

  /** Ids of the sandboxes that run; none where nobody counts them. */
  default Set<String> running() {
    return Set.of();
  }

  /** What a running sandbox is part of; empty when that is not known. */
  default Optional<Origin> origin(String sandboxId) {
    return Optional.empty();
  }

  /** What a running sandbox uses of its limits; empty where nobody measures, or when it ended. */
  default Optional<Usage> usage(String sandboxId) {
    return Optional.empty();
  }

  /**
   * What a sandbox uses, as the host counts it.
   *
   * @param memoryBytes memory in use, file cache included
   * @param memoryLimitBytes its limit
   * @param memoryCacheBytes the part that caches files
   * @param cpuNanos CPU time used since the sandbox was started
   * @param cpuMillis its limit in thousandths of a CPU; 0 for none
   * @param memoryKills processes that the memory limit has ended since the sandbox was started
   * @param forksRefused processes that the process limit has refused since then
   * @param diskFreeBytes room on its disk
   * @param inodesFree files that there is room for
   */
  record Usage(
      long memoryBytes,
      long memoryLimitBytes,
      long memoryCacheBytes,
      long cpuNanos,
      long cpuMillis,
      long memoryKills,
      long forksRefused,
      long diskFreeBytes,
      long inodesFree) {}

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
