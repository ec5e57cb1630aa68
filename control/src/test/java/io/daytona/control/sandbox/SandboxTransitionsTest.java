package io.daytona.control.sandbox;

import static java.util.Map.entry;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SandboxTransitionsTest {
  /** The table as a picture; whoever changes the table changes this on purpose. */
  private static final Map<String, Set<String>> EXPECTED =
      Map.ofEntries(
          entry("new", Set.of("creating")),
          entry("creating", Set.of("started", "destroyed", "error", "destroying")),
          entry("started", Set.of("stopping", "stopped", "destroying")),
          entry("stopping", Set.of("stopped", "destroying")),
          entry("stopped", Set.of("starting", "destroying")),
          entry("starting", Set.of("started", "stopped", "error", "destroying")),
          entry("error", Set.of("destroying")),
          entry("destroying", Set.of("destroyed")));

  /** Control-plane protocol §3.1, for the states and desires used so far. */
  private static final Map<DesiredState, Set<SandboxState>> LEGAL =
      Map.of(
          DesiredState.STARTED,
          Set.of(
              SandboxState.STARTED,
              SandboxState.STOPPED,
              SandboxState.STARTING,
              SandboxState.CREATING,
              SandboxState.ERROR),
          DesiredState.STOPPED,
          Set.of(
              SandboxState.STARTED,
              SandboxState.STOPPING,
              SandboxState.STOPPED,
              SandboxState.ERROR),
          DesiredState.DESTROYED,
          Set.of(SandboxState.DESTROYED, SandboxState.DESTROYING));

  @Test
  void allowsExactlyTheExpectedPairs() {
    for (SandboxState to : SandboxState.values()) {
      for (SandboxState from : SandboxState.values()) {
        boolean expected = EXPECTED.getOrDefault(from.wire(), Set.of()).contains(to.wire());
        boolean allowed =
            SandboxTransitions.ALL.stream().anyMatch(row -> row.from() == from && row.to() == to);
        assertEquals(expected, allowed, from + " -> " + to);
      }
      boolean first =
          SandboxTransitions.ALL.stream().anyMatch(row -> row.from() == null && row.to() == to);
      assertEquals(
          EXPECTED.getOrDefault("new", Set.of()).contains(to.wire()), first, "new -> " + to);
    }
  }

  @Test
  void hasNoPairTwiceSoThatFailpointNamesAreUnique() {
    assertEquals(SandboxTransitions.ALL.size(), SandboxTransitions.failpoints().size());
    assertTrue(SandboxTransitions.failpoints().contains("sandbox.new-creating"));
    assertTrue(SandboxTransitions.failpoints().contains("sandbox.creating-started"));
  }

  @Test
  void usesEveryTrigger() {
    Set<SandboxTrigger> used =
        SandboxTransitions.ALL.stream().map(SandboxTransition::trigger).collect(toSet());
    assertEquals(Set.of(SandboxTrigger.values()), used);
  }

  @Test
  void leadsEveryTriggerToALegalPairOfDesiredAndActualState() {
    for (SandboxTrigger trigger : SandboxTrigger.values()) {
      DesiredState desired = trigger.desired();
      if (desired != null) {
        assertTrue(
            LEGAL.getOrDefault(desired, Set.of()).contains(SandboxTransitions.to(trigger)),
            trigger.toString());
      }
    }
  }

  @Test
  void canDeleteFromEveryStateThatIsNotGoneAlready() {
    Set<SandboxState> reachable =
        SandboxTransitions.ALL.stream().map(SandboxTransition::to).collect(toSet());
    Set<SandboxState> deletable = new HashSet<>(reachable);
    deletable.removeAll(Set.of(SandboxState.DESTROYING, SandboxState.DESTROYED));
    assertEquals(deletable, SandboxTransitions.from(SandboxTrigger.DELETE));
  }

  @Test
  void leavesEveryPassingStateAndNoOtherByItself() {
    for (SandboxState state : SandboxTransitions.PASSING) {
      assertTrue(
          SandboxTransitions.ALL.stream().anyMatch(row -> row.from() == state),
          state + " has no way out");
    }
    assertFalse(
        SandboxTransitions.ALL.stream().anyMatch(row -> row.from() == SandboxState.DESTROYED));
  }

  @Test
  void waitsForTheDiskWhereverAClientHasBeenAnswered() {
    Set<SandboxTrigger> lazy =
        Arrays.stream(SandboxTrigger.values())
            .filter(trigger -> !trigger.durable())
            .collect(toSet());
    assertEquals(
        Set.of(
            SandboxTrigger.CREATE,
            SandboxTrigger.START,
            SandboxTrigger.STOPPED_AS_ASKED,
            SandboxTrigger.EXIT,
            SandboxTrigger.GONE),
        lazy);
  }
}
