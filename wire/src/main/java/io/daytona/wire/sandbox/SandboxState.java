package io.daytona.wire.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** State of a sandbox as it stands on the wire (control-plane protocol §3.1). */
public enum SandboxState {
  CREATING,
  RESTORING,
  DESTROYED,
  DESTROYING,
  STARTED,
  STOPPED,
  STARTING,
  STOPPING,
  ERROR,
  BUILD_FAILED,
  PENDING_BUILD,
  BUILDING_SNAPSHOT,
  UNKNOWN,
  PULLING_SNAPSHOT,
  ARCHIVED,
  ARCHIVING,
  RESIZING,
  SNAPSHOTTING,
  FORKING,
  PAUSING,
  PAUSED,
  RESUMING;

  /** Lower-case wire name. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The state of a wire name.
   *
   * @throws IllegalArgumentException when there is no such state
   */
  public static SandboxState ofWire(String wire) {
    for (SandboxState state : values()) {
      if (state.wire().equals(wire)) {
        return state;
      }
    }
    throw new IllegalArgumentException("no sandbox state is called " + wire);
  }
}
