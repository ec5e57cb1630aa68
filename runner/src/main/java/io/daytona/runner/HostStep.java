package io.daytona.runner;

import io.daytona.wire.failpoint.Failpoints;
import java.util.Locale;

/**
 * The one table of the steps on a host behind which a kill leaves something that the next start
 * finds: on the disk, in the kernel, or known to nobody any more.
 */
public enum HostStep {
  /** A start has taken a slot, and perhaps an empty disk; nothing says so yet. */
  START_SLOT_TAKEN,
  /** The slot's record names the sandbox. */
  START_SLOT_NOTED,
  /** The jailer has started the sandbox: its disk is its own, its agent runs. */
  START_JAILED,
  /** The agent has answered. */
  START_CONNECTED,
  /** The agent knows who it is; the slot's record does not. */
  START_IDENTIFIED,
  /** The slot's record has the identity: the start is complete but for its row. */
  START_IDENTITY_NOTED,
  /** The programs of a sandbox have got SIGTERM and their grace. */
  STOP_ASKED,
  /** Everything inside a sandbox that ends is dead and unmounted; its slot is still there. */
  END_KILLED,
  /** The same for a sandbox that ended by itself or whose start failed. */
  CLEAR_KILLED,
  /** The disk of a deleted sandbox is the next to go. */
  CLEAR_DISK_DUE,
  /** It is gone. */
  CLEAR_DISK_DROPPED,
  /** A slot has been made ahead. */
  SLOT_MADE,
  /** A used slot is gone, its record is not. */
  SLOT_DROPPED,
  /** Its record too. */
  SLOT_FORGOTTEN,
  /** An empty disk has been made ahead. */
  DISK_SHELVED,
  /** A layer is sealed; the tar it was made of is still there. */
  LAYER_SEALED,
  /** A layer is gone; the files of its image are still there. */
  LAYER_DROPPED;

  /** Name of the failpoint behind it. */
  public String failpoint() {
    return "host." + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Passes its failpoint. */
  public void passed(Failpoints failpoints) {
    failpoints.pass(failpoint());
  }
}
