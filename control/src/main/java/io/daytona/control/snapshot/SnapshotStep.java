package io.daytona.control.snapshot;

import io.daytona.wire.failpoint.Failpoints;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The one table of the steps of an image's snapshots behind which a kill must lose nothing. */
public enum SnapshotStep {
  /** A snapshot waits for its image; nothing of this has been unpacked. */
  PULLING,
  /** Sandboxes can be made from it. */
  ACTIVE,
  /** Its image was refused for good. */
  ERROR,
  /** Its image is withdrawn: no more sandboxes, its layer is the next to go. */
  REMOVING,
  /** The row is gone. */
  REMOVED;

  /** Name of the failpoint behind it. */
  public String failpoint() {
    return "snapshot." + name().toLowerCase(Locale.ROOT);
  }

  /** Passes its failpoint. */
  void passed(Failpoints failpoints) {
    failpoints.pass(failpoint());
  }

  /** Passes the failpoint behind a move to a state, if there is one. */
  static void moved(SnapshotState state, Failpoints failpoints) {
    Arrays.stream(values())
        .filter(step -> step.name().equals(state.name()))
        .forEach(step -> step.passed(failpoints));
  }

  /** Names of all failpoints, sorted. */
  public static Set<String> failpoints() {
    return Arrays.stream(values())
        .map(SnapshotStep::failpoint)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
