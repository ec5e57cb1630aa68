package io.daytona.wire.runner;

import org.jspecify.annotations.Nullable;

/**
 * Where a sandbox is on its host and what it takes there.
 *
 * @param run its processes; null when none runs
 * @param disk its disk; null when it has none
 */
public record Placement(@Nullable Run run, @Nullable Disk disk) {
  /** Nothing of it is on the host. */
  public static final Placement NOWHERE = new Placement(null, null);

  /**
   * A running sandbox.
   *
   * @param slot number of its slot
   * @param address its address; empty when it is not known
   * @param pid its first process as the host numbers it
   * @param usage what it uses; null when it ended meanwhile
   */
  public record Run(int slot, String address, long pid, @Nullable Usage usage) {}

  /**
   * What a running sandbox uses.
   *
   * @param memoryBytes memory in use, file cache included
   * @param memoryLimitBytes its limit
   * @param cpuNanos CPU time used in this run
   * @param cpuMillis its limit in thousandths of a CPU; 0 for none
   * @param processes processes and threads
   * @param processesLimit how many it may have
   * @param memoryKills processes that the memory limit has ended in this run
   */
  public record Usage(
      long memoryBytes,
      long memoryLimitBytes,
      long cpuNanos,
      long cpuMillis,
      long processes,
      long processesLimit,
      long memoryKills) {}

  /**
   * A disk.
   *
   * @param gib its size in GiB
   * @param allocatedKib what it takes of the pool in KiB
   */
  public record Disk(int gib, long allocatedKib) {}
}
