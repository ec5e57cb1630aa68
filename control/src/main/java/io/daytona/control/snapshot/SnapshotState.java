package io.daytona.control.snapshot;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** State of a snapshot as it stands on the wire (control-plane protocol §5.3). */
public enum SnapshotState {
  BUILDING,
  PENDING,
  PULLING,
  SNAPSHOTTING,
  ACTIVE,
  INACTIVE,
  ERROR,
  BUILD_FAILED,
  REMOVING;

  /** Lower-case wire name. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }

  static SnapshotState ofWire(String wire) {
    return valueOf(wire.toUpperCase(Locale.ROOT));
  }
}
