package io.daytona.control.sandbox;

import static io.daytona.wire.sandbox.SandboxState.CREATING;
import static io.daytona.wire.sandbox.SandboxState.DESTROYED;
import static io.daytona.wire.sandbox.SandboxState.DESTROYING;
import static io.daytona.wire.sandbox.SandboxState.ERROR;
import static io.daytona.wire.sandbox.SandboxState.STARTED;
import static io.daytona.wire.sandbox.SandboxState.STARTING;
import static io.daytona.wire.sandbox.SandboxState.STOPPED;
import static io.daytona.wire.sandbox.SandboxState.STOPPING;

import io.daytona.wire.sandbox.SandboxState;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The one table of allowed state changes of a sandbox; nothing changes a state but through it. */
public final class SandboxTransitions {
  /** Every allowed change. */
  public static final List<SandboxTransition> ALL =
      List.of(
          new SandboxTransition(null, CREATING, SandboxTrigger.CREATE),
          new SandboxTransition(CREATING, STARTED, SandboxTrigger.RUN),
          new SandboxTransition(CREATING, DESTROYED, SandboxTrigger.REFUSE_CREATE),
          new SandboxTransition(CREATING, ERROR, SandboxTrigger.FAIL),
          new SandboxTransition(CREATING, DESTROYING, SandboxTrigger.DELETE),
          new SandboxTransition(STARTED, STOPPING, SandboxTrigger.STOP),
          new SandboxTransition(STARTED, STOPPED, SandboxTrigger.EXIT),
          new SandboxTransition(STARTED, DESTROYING, SandboxTrigger.DELETE),
          new SandboxTransition(STOPPING, STOPPED, SandboxTrigger.STOPPED_AS_ASKED),
          new SandboxTransition(STOPPING, DESTROYING, SandboxTrigger.DELETE),
          new SandboxTransition(STOPPED, STARTING, SandboxTrigger.START),
          new SandboxTransition(STOPPED, DESTROYING, SandboxTrigger.DELETE),
          new SandboxTransition(STARTING, STARTED, SandboxTrigger.RUN),
          new SandboxTransition(STARTING, STOPPED, SandboxTrigger.REFUSE_START),
          new SandboxTransition(STARTING, ERROR, SandboxTrigger.FAIL),
          new SandboxTransition(STARTING, DESTROYING, SandboxTrigger.DELETE),
          new SandboxTransition(ERROR, DESTROYING, SandboxTrigger.DELETE),
          new SandboxTransition(DESTROYING, DESTROYED, SandboxTrigger.GONE));

  /** States that a sandbox only passes through; somebody must see to it that it does. */
  public static final Set<SandboxState> PASSING =
      Set.copyOf(EnumSet.of(CREATING, STARTING, STOPPING, DESTROYING));

  private static final Map<SandboxTrigger, Set<SandboxState>> FROM =
      new EnumMap<>(SandboxTrigger.class);
  private static final Map<SandboxTrigger, SandboxState> TO = new EnumMap<>(SandboxTrigger.class);

  static {
    for (SandboxTransition row : ALL) {
      Set<SandboxState> from =
          FROM.computeIfAbsent(row.trigger(), any -> EnumSet.noneOf(SandboxState.class));
      if (row.from() != null) {
        from.add(row.from());
      }
      SandboxState other = TO.put(row.trigger(), row.to());
      if (other != null && other != row.to()) {
        throw new IllegalStateException(row.trigger() + " leads to two states");
      }
    }
  }

  private SandboxTransitions() {}

  /** States from which a trigger is allowed; empty for {@link SandboxTrigger#CREATE}. */
  public static Set<SandboxState> from(SandboxTrigger trigger) {
    return Set.copyOf(FROM.getOrDefault(trigger, Set.of()));
  }

  /** The state a trigger leads to. */
  public static SandboxState to(SandboxTrigger trigger) {
    SandboxState to = TO.get(trigger);
    if (to == null) {
      throw new IllegalArgumentException("the table has no row for " + trigger);
    }
    return to;
  }

  /** Names of the failpoints behind all changes, sorted. */
  public static Set<String> failpoints() {
    return ALL.stream()
        .map(SandboxTransition::failpoint)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
