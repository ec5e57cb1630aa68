package io.daytona.bench.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StartStepsTest {
  private static final long MILLI = 1_000_000;

  // A start as kernel 6.18 recorded it, times rounded, other calls left out.
  private static final String RECORD =
      """
      # tracer: nop
                jailer-100     [001] ..... 50858.749000: sched_process_fork: comm=jailer pid=100 child_comm=jailer child_pid=166
                jailer-166     [001] ..... 50858.756000: sys_fsopen(_fs_name: 0x55797e822a55, flags: 1)
                jailer-166     [001] ..... 50858.768000: sys_fsmount(fs_fd: 0x12, flags: 1, attr_flags: 0x14)
                jailer-166     [001] ..... 50858.770000: sched_process_fork: comm=jailer pid=166 child_comm=jailer child_pid=174
                jailer-166     [001] ..... 50858.770500: sched_process_fork: comm=jailer pid=166 child_comm=jailer child_pid=175
                jailer-174     [000] ..... 50858.771000: sys_fsopen(_fs_name: 0x55797e824a2b, flags: 1)
                 <...>-175     [000] ..... 50858.773000: sched_process_exec: filename=/dev/fd/6 pid=175 old_pid=175
                 <...>-175     [000] ..... 50858.776000: sched_process_fork: comm=memfd:runtime pid=175 child_comm=memfd:runtime child_pid=180
         memfd:runtime-180     [000] ..... 50858.780000: sched_process_fork: comm=memfd:runtime pid=180 child_comm=memfd:runtime child_pid=196
         memfd:runtime-196     [001] ..... 50858.785000: sched_process_fork: comm=memfd:runtime pid=196 child_comm=memfd:runtime child_pid=220
                 agent-220     [001] ..... 50858.791000: sys_pivot_root(new_root: 0x55596cba14df, put_old: 0x55596cba14df)
                 agent-220     [001] ..... 50858.792000: sys_sethostname(name: 0x5559a4d55780, len: 0x24)
                 agent-220     [001] ..... 50858.792500: sys_seccomp(op: 1, flags: 4, uargs: 0x7ffdadc70c40)
                 agent-220     [000] ..... 50858.794000: sched_process_exec: filename=/.daytona/agent pid=220 old_pid=220
                jailer-166     [000] ..... 50858.796000: sched_process_exit: comm=jailer pid=166 prio=120 group_dead=true
                 agent-220     [000] ..... 50858.800000: sys_sethostname(name: 0x7f0bb91aa230, len: 0x24)
      """;

  @Test
  void tellsTheStepsOfStartInTheirOrder() {
    long second = 50_858_000 * MILLI;
    List<KernelTrace.Event> events = KernelTrace.parse(RECORD.lines());

    Map<String, Long> steps =
        StartSteps.of(new KernelTrace.Trace(second + 745 * MILLI, second + 805 * MILLI, events));

    List<Long> millis =
        steps.values().stream().map(nanos -> Math.round(nanos / (double) MILLI)).toList();
    assertEquals(List.of(4L, 7L, 12L, 2L, 3L, 3L, 9L, 6L, 2L, 2L, 2L, 9L, 6L), millis);
  }

  @Test
  void saysThatARecordIsNotWhole() {
    List<KernelTrace.Event> events =
        KernelTrace.parse(RECORD.lines().filter(line -> !line.contains("pivot_root")));

    assertThrows(
        IllegalStateException.class, () -> StartSteps.of(new KernelTrace.Trace(0, 0, events)));
  }
}
