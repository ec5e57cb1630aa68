package io.daytona.toolbox.process;

import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxDirectory.Usage;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names the limit that a program ran into. A kill is explained by the host's count; for the others
 * the program's own last words say what the kernel refused, and the host which limit that was. So
 * the host is asked for nothing when a program fails for reasons of its own.
 */
final class LimitReasons {
  private static final int LAST_WORDS = 4_096;

  /** What some file systems keep back of a disk that is full for everybody. */
  private static final long NO_ROOM = 1 << 20;

  private static final Pattern NO_SPACE =
      Pattern.compile("No space left on device|ENOSPC|Disk quota exceeded");
  private static final Pattern NO_DESCRIPTOR = Pattern.compile("Too many open files|EMFILE");
  private static final Pattern NO_PROCESS =
      Pattern.compile(
          "Resource temporarily unavailable|Cannot fork|can't start new thread|EAGAIN"
              + "|unable to create native thread");

  private final SandboxCalls calls;
  private final MemoryKills memoryKills;

  LimitReasons(SandboxCalls calls, MemoryKills memoryKills) {
    this.calls = calls;
    this.memoryKills = memoryKills;
  }

  /**
   * The limit that explains a program's end; null when none does.
   *
   * @param status exit code, or minus the signal; not 0
   * @param output what the program wrote
   */
  @Nullable String explain(Running sandbox, int status, OutputCapture output) {
    if (memoryKills.explain(sandbox, status)) {
      return "out of memory";
    }
    String words = new String(output.last(LAST_WORDS), StandardCharsets.ISO_8859_1);
    if (NO_SPACE.matcher(words).find()) {
      return calls.usage(sandbox).map(LimitReasons::ofSpace).orElse(null);
    }
    if (NO_DESCRIPTOR.matcher(words).find()) {
      return "too many open files";
    }
    if (NO_PROCESS.matcher(words).find()) {
      Optional<Usage> usage = calls.usage(sandbox);
      return usage.isPresent() && usage.get().forksRefused() > 0 ? "too many processes" : null;
    }
    return null;
  }

  /** A file system of its own, such as /dev/shm, may be full while the disk is not. */
  private static String ofSpace(Usage usage) {
    if (usage.inodesFree() == 0) {
      return "out of inodes";
    }
    return usage.diskFreeBytes() < NO_ROOM ? "disk full" : "no space left on device";
  }
}
