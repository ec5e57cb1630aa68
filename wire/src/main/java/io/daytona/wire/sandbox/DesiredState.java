package io.daytona.wire.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The state a sandbox is meant to reach (control-plane protocol §3.1). */
public enum DesiredState {
  STARTED,
  STOPPED,
  DESTROYED,
  RESIZED,
  ARCHIVED,
  PAUSED;

  /** Lower-case wire name. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
