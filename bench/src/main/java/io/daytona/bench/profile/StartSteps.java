package io.daytona.bench.profile;

import static io.daytona.bench.profile.KernelTrace.EXEC;
import static io.daytona.bench.profile.KernelTrace.EXIT;
import static io.daytona.bench.profile.KernelTrace.FORK;

import io.daytona.bench.profile.KernelTrace.Event;
import io.daytona.bench.profile.KernelTrace.Trace;
import java.util.LinkedHashMap;
import java.util.Map;

/** The steps of the jailer's verb {@code start}, from the kernel's record of it. */
final class StartSteps {
  private final Trace trace;

  private StartSteps(Trace trace) {
    this.trace = trace;
  }

  /**
   * Nanoseconds of each step, in their order.
   *
   * @param trace of the jailer, during a create
   * @throws IllegalStateException when the record has no whole start
   */
  static Map<String, Long> of(Trace trace) {
    return new StartSteps(trace).steps();
  }

  private Map<String, Long> steps() {
    Event agent = trace.first(event -> event.is(EXEC) && event.rest().contains("/agent "));
    Event sandbox = trace.first(event -> event.is(FORK) && event.child() == agent.pid());
    Event runtime = trace.first(event -> event.is(EXEC) && event.rest().contains("/dev/fd/"));
    Event mounter = trace.first(event -> event.is(FORK) && event.child() == runtime.pid());
    long verb = mounter.pid();
    long begin = trace.first(event -> event.is(FORK) && event.child() == verb).nanos();
    long ext4 = of(verb, "sys_fsopen");
    long mounted = of(verb, "sys_fsmount");
    long forked = of(verb, FORK);
    long runtimeForks = of(runtime.pid(), FORK);
    long pivot = of(agent.pid(), "sys_pivot_root");
    long filtered = of(agent.pid(), "sys_seccomp");
    long end = of(verb, EXIT);
    Map<String, Long> steps = new LinkedHashMap<>();
    steps.put(
        "client → fork of the verb: HTTP, rows, slot, jailer's socket", begin - trace.begin());
    steps.put("jailer: loop device, clones of the layers", ext4 - begin);
    steps.put("jailer: mount of the disk's ext4", mounted - ext4);
    steps.put("jailer: directories, clones of the disk", forked - mounted);
    steps.put("jailer: overlays in the user namespace, configuration", runtime.nanos() - forked);
    steps.put("crun: configuration read, until its first fork", runtimeForks - runtime.nanos());
    steps.put("crun: cgroups, until the sandbox's first process", sandbox.nanos() - runtimeForks);
    steps.put("crun: mounts inside, until pivot_root", pivot - sandbox.nanos());
    steps.put("crun: masked paths, until seccomp", filtered - pivot);
    steps.put("crun: until the agent's program", agent.nanos() - filtered);
    steps.put("agent's program → end of the verb", end - agent.nanos());
    steps.put("end of the verb → client: agent, commit, reply", trace.end() - end);
    steps.put("beside it: agent's program → its identity", identity(agent) - agent.nanos());
    return steps;
  }

  /** The agent sets the host's name when it gets its identity. */
  private long identity(Event agent) {
    return trace
        .first(event ->
            event.pid() == agent.pid()
                && event.is("sys_sethostname")
                && event.nanos() > agent.nanos())
        .nanos();
  }

  private long of(long pid, String what) {
    return trace.first(event -> event.pid() == pid && event.is(what)).nanos();
  }
}
