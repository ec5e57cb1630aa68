package io.daytona.bench.profile;

import io.daytona.bench.system.Commands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The kernel's record of what a process and everything it starts do: forks, programs, ends and the
 * calls that mount. An instance of the tracer of its own; costs the traced some microseconds each.
 */
final class KernelTrace implements AutoCloseable {
  static final String FORK = "sched_process_fork";
  static final String EXEC = "sched_process_exec";
  static final String EXIT = "sched_process_exit";

  /** Most operations to trace: reading a trace takes longer than making it. */
  static final int MOST = 30;

  private static final List<String> EVENTS =
      List.of(
          "sched/sched_process_fork",
          "sched/sched_process_exec",
          "sched/sched_process_exit",
          "syscalls/sys_enter_fsopen",
          "syscalls/sys_enter_fsmount",
          "syscalls/sys_enter_pivot_root",
          "syscalls/sys_enter_seccomp",
          "syscalls/sys_enter_sethostname");
  private static final Pattern LINE =
      Pattern.compile("-(\\d+) +\\[\\d+\\] +\\S+ +(\\d+\\.\\d+): (\\w+)[:(](.*)");
  private static final Pattern CHILD = Pattern.compile("child_pid=(\\d+)");

  private final Path mounted;
  private final Path instance;

  /**
   * One event.
   *
   * @param pid process it is about; of a fork the parent
   * @param nanos when
   * @param what the event or call
   * @param rest its arguments
   */
  record Event(long pid, long nanos, String what, String rest) {
    boolean is(String event) {
      return what.equals(event);
    }

    long child() {
      Matcher child = CHILD.matcher(rest);
      return child.find() ? Long.parseLong(child.group(1)) : -1;
    }
  }

  /**
   * Prepares the tracer; needs root.
   *
   * @throws IllegalStateException where the kernel has none
   */
  KernelTrace(long pid) {
    try {
      mounted = Files.createTempDirectory("daytona-trace");
      Commands.run(List.of("mount", "-t", "tracefs", "none", mounted.toString()));
      instance = mounted.resolve("instances/daytona-" + ProcessHandle.current().pid());
      Files.createDirectory(instance);
      set("trace_clock", "mono");
      set("set_event_pid", Long.toString(pid));
      set("options/event-fork", "1");
      for (String event : EVENTS) {
        set("events/" + event + "/enable", "1");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What happened while something was done; all times are of one clock.
   *
   * @param begin when it began
   * @param end when it was done
   * @param events in their order
   */
  record Trace(long begin, long end, List<Event> events) {
    /** The first event of a kind. */
    Event first(Predicate<Event> what) {
      return events.stream()
          .filter(what)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("the kernel's record is not whole"));
    }
  }

  /** What happens while something is done. */
  Trace during(Runnable call) {
    try {
      set("trace", "");
      set("tracing_on", "1");
      long begin = System.nanoTime();
      call.run();
      long end = System.nanoTime();
      set("tracing_on", "0");
      try (Stream<String> lines = Files.lines(instance.resolve("trace"))) {
        return new Trace(begin, end, parse(lines));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Events from the tracer's text. */
  static List<Event> parse(Stream<String> lines) {
    return lines.map(LINE::matcher).filter(Matcher::find).map(KernelTrace::event).toList();
  }

  private static Event event(Matcher line) {
    long nanos = (long) (Double.parseDouble(line.group(2)) * 1e9);
    return new Event(Long.parseLong(line.group(1)), nanos, line.group(3), line.group(4));
  }

  private void set(String file, String value) throws IOException {
    Files.writeString(instance.resolve(file), value);
  }

  @Override
  public void close() {
    try {
      set("tracing_on", "0");
      Files.delete(instance);
      Commands.run(List.of("umount", mounted.toString()));
      Files.delete(mounted);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
