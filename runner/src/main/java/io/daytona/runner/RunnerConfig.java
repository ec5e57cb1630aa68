package io.daytona.runner;

import io.daytona.wire.config.Config;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Configuration of the runner. */
@Config(prefix = "RUNNER")
public record RunnerConfig(
    @Config.Key(value = "Data directory that the jailer serves", fallback = "/var/lib/daytona")
        Path dataDirectory,
    @Config.Key(value = "Slots kept ready, 0 to 1022", fallback = "32") int readySlots,
    @Config.Key(value = "Background jobs at once, 1 to 64", fallback = "2") int upkeepWorkers,
    @Config.Key(
            value = "Sandboxes that are started at once, 1 to 1022; 0 is two for each CPU",
            fallback = "0")
        int parallelStarts,
    @Config.Key(
            value = "Empty disks kept ready, as GiB:count separated by commas",
            fallback = "3:16,8:4,10:4")
        String shelf,
    @Config.Key(
            value =
                "Processes and threads in a sandbox at most, 16 to 4194304; never more than 2,048 for"
                    + " each GiB of its memory",
            fallback = "4096")
        int pidsLimit,
    @Config.Key(value = "Time programs have to end after SIGTERM on stop", fallback = "5s")
        Duration stopGrace,
    @Config.Key(value = "Time an agent has to answer at start", fallback = "20s")
        Duration agentPatience,
    @Config.Key(value = "Time the jailer may be away before a request fails", fallback = "15s")
        Duration jailerPatience) {

  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final int PROCESSES_PER_GIB = 2048;

  /** Checks the ranges. */
  public RunnerConfig {
    within("ready slots", readySlots, 0, 1022);
    within("upkeep workers", upkeepWorkers, 1, 64);
    within("parallel starts", parallelStarts, 0, 1022);
    within("pids limit", pidsLimit, 16, 4_194_304);
    parseShelf(shelf);
    within("stop grace", stopGrace, Duration.ZERO);
    within("agent patience", agentPatience, Duration.ofSeconds(1));
    within("jailer patience", jailerPatience, Duration.ofMillis(1));
  }

  private static void within(String name, Duration value, Duration min) {
    if (value.compareTo(min) < 0 || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "%s is %s, allowed are %s to %s".formatted(name, value, min, LONGEST));
    }
  }

  private static void within(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "%s is %d, allowed are %d to %d".formatted(name, value, min, max));
    }
  }

  /** Sandboxes that are started at once: starting is work for the CPUs, more would only wait. */
  public int startsAtOnce() {
    return parallelStarts > 0 ? parallelStarts : 2 * Runtime.getRuntime().availableProcessors();
  }

  /**
   * Processes and threads that a sandbox may have.
   *
   * <p>A forked one takes 100 to 300 KiB of its memory, mostly the kernel's. A sandbox that runs
   * out of memory by forking has thousands that wait for the kernel to choose a victim, its agent
   * among them, and gives no answer for minutes; one that runs out of processes says so at once.
   */
  public int pidsLimit(long memoryGib) {
    return (int) Math.min(pidsLimit, Math.max(1, memoryGib) * PROCESSES_PER_GIB);
  }

  /** Empty disks to keep ready, by size in GiB. */
  public Map<Integer, Integer> shelfTargets() {
    return parseShelf(shelf);
  }

  private static Map<Integer, Integer> parseShelf(String text) {
    Map<Integer, Integer> targets = new HashMap<>();
    if (text.isBlank()) {
      return targets;
    }
    for (String item : text.split(",", -1)) {
      String[] parts = item.strip().split(":", -1);
      try {
        int gib = Integer.parseInt(parts[0]);
        within("size of a shelved disk", gib, 1, 100);
        int count = parts.length == 2 ? Integer.parseInt(parts[1]) : -1;
        within("number of shelved disks", count, 0, 1000);
        targets.put(gib, count);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "the shelf is \"%s\", expected is GiB:count such as 3:16,8:4".formatted(text), e);
      }
    }
    return targets;
  }

  /** The jailer's socket. */
  public Path jailerSocket() {
    return dataDirectory.resolve("run").resolve("jailer.sock");
  }

  /** Socket of a sandbox's agent. */
  public Path agentSocket(String sandboxId) {
    return dataDirectory.resolve("run").resolve("a").resolve(sandboxId);
  }

  /** Directory of image tars waiting to be imported. */
  public Path imageDirectory() {
    return dataDirectory.resolve("images");
  }

  /** Directory of what the runner remembers of used slots; its own, mode 0700. */
  public Path recordDirectory() {
    return dataDirectory.resolve("runner");
  }
}
