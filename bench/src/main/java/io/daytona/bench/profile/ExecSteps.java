package io.daytona.bench.profile;

import static io.daytona.bench.profile.KernelTrace.EXEC;
import static io.daytona.bench.profile.KernelTrace.EXIT;
import static io.daytona.bench.profile.KernelTrace.FORK;

import io.daytona.bench.profile.KernelTrace.Event;
import io.daytona.bench.profile.KernelTrace.Trace;
import java.util.LinkedHashMap;
import java.util.Map;

/** The steps of an exec, from the kernel's record of the sandbox's agent. */
final class ExecSteps {
  private ExecSteps() {}

  /**
   * Nanoseconds of each step, in their order.
   *
   * @param trace of the agent, during an exec
   * @throws IllegalStateException when the record has no whole exec
   */
  static Map<String, Long> of(Trace trace) {
    Event fork = trace.first(event -> event.is(FORK));
    Event shell = trace.first(event -> event.is(EXEC));
    Event end = trace.first(event -> event.is(EXIT) && event.pid() == shell.pid());
    Map<String, Long> steps = new LinkedHashMap<>();
    steps.put("client → agent's fork: HTTP, routing, agent's socket", fork.nanos() - trace.begin());
    steps.put("agent: fork, descriptors, user → shell's program", shell.nanos() - fork.nanos());
    steps.put("shell: program → its end", end.nanos() - shell.nanos());
    steps.put("end → client: agent, server, reply", trace.end() - end.nanos());
    return steps;
  }
}
