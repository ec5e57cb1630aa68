package io.daytona.control.sandbox;

import static io.daytona.wire.sandbox.DesiredState.DESTROYED;
import static io.daytona.wire.sandbox.DesiredState.STARTED;
import static io.daytona.wire.sandbox.DesiredState.STOPPED;

import io.daytona.wire.sandbox.DesiredState;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Why a sandbox changes its state. {@link SandboxTransitions} says from which state each is allowed
 * and where it leads.
 */
public enum SandboxTrigger {
  /** A client asked for a new sandbox. */
  CREATE(STARTED, false),
  /** The host refused a new sandbox, most often for lack of room. */
  REFUSE_CREATE(DESTROYED, true),
  /** A client asked to start it. */
  START(STARTED, false),
  /** The host refused to start it, most often for lack of room. */
  REFUSE_START(STOPPED, true),
  /** Its agent has answered. */
  RUN(STARTED, true),
  /** It could not be started or stopped. */
  FAIL(null, true),
  /** A client, or its auto-stop interval, asked to stop it. */
  STOP(STOPPED, true),
  /** All its processes have ended, as asked. */
  STOPPED_AS_ASKED(STOPPED, false),
  /** Its processes ended by themselves. */
  EXIT(STOPPED, false),
  /** A client, or its auto-delete interval, asked to delete it. */
  DELETE(DESTROYED, true),
  /** Nothing of it is left on its host. */
  GONE(DESTROYED, false);

  private final @Nullable DesiredState desired;
  private final boolean durable;

  SandboxTrigger(@Nullable DesiredState desired, boolean durable) {
    this.desired = desired;
    this.durable = durable;
  }

  /** The desired state from then on; null keeps the one there is. */
  public @Nullable DesiredState desired() {
    return desired;
  }

  /**
   * Whether the commit waits until it is on disk. The others may be lost when PostgreSQL is killed
   * right after: for {@link #CREATE} and {@link #START} nobody has been answered before the durable
   * {@link #RUN} that follows, and a commit that is on disk has every earlier one before it; the
   * rest only report what the host knows, and is found out again by the reconciler.
   */
  public boolean durable() {
    return durable;
  }

  /** Whether the name is free for others from then on (control-plane protocol §3.3). */
  public boolean freesName() {
    return this == DELETE || this == REFUSE_CREATE;
  }

  /** Name in the journal. */
  public String wire() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
