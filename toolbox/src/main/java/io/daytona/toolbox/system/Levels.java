package io.daytona.toolbox.system;

import io.daytona.http.Json;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxDirectory.Usage;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.fsutil.ToolFields;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/** Reads what sandboxes use; remembers the last look at each, so that CPU use has a time span. */
public final class Levels {
  private static final long MILLIS = 1000;
  private static final double PERCENT = 100;
  private static final int STATFS_FIELDS = 3;

  private record Look(long nanos, long cpuNanos) {}

  private final SandboxCalls calls;
  private final Map<Agent, Look> looks = Collections.synchronizedMap(new WeakHashMap<>());

  /**
   * @param calls tells what the host counts
   */
  public Levels(SandboxCalls calls) {
    this.calls = calls;
  }

  /**
   * What a sandbox uses now.
   *
   * @throws DaytonaException 503 when the host does not say
   */
  public SystemMetrics now(Running sandbox) throws InterruptedException {
    Usage usage =
        calls
            .usage(sandbox)
            .orElseThrow(() ->
                DaytonaException.unavailable(
                    "What the sandbox uses cannot be read now; try again shortly.",
                    Duration.ofSeconds(1)));
    Look look = new Look(System.nanoTime(), usage.cpuNanos());
    Look before = looks.put(sandbox.agent(), look);
    List<String> disk = ToolFields.of(sandbox.agent(), "statfs", "/");
    long total = number(disk, 0);
    Instant now = Instant.now();
    return new SystemMetrics(
        (int) Math.max(1, (usage.cpuMillis() + MILLIS - 1) / MILLIS),
        percent(before, look, usage.cpuMillis()),
        usage.memoryLimitBytes(),
        Math.max(0, usage.memoryBytes() - usage.memoryCacheBytes()),
        usage.memoryCacheBytes(),
        total,
        Math.max(0, total - number(disk, 1)),
        number(disk, 2),
        Json.time(now),
        now.getEpochSecond());
  }

  private static double percent(@Nullable Look before, Look now, long cpuMillis) {
    if (before == null || now.nanos <= before.nanos || cpuMillis == 0) {
      return 0;
    }
    double used = (double) (now.cpuNanos - before.cpuNanos) / (now.nanos - before.nanos);
    return Math.clamp(used * MILLIS / cpuMillis * PERCENT, 0, PERCENT);
  }

  private static long number(List<String> fields, int index) {
    // The program runs inside, so what it says is the sandbox's word.
    boolean usable = fields.size() == STATFS_FIELDS && fields.get(index).matches("\\d{1,18}");
    return usable ? Long.parseLong(fields.get(index)) : 0;
  }
}
