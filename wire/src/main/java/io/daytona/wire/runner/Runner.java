package io.daytona.wire.runner;

import java.util.List;
import java.util.Set;

/**
 * What the control plane asks of a runner; every operation is idempotent, blocks until done and may
 * be repeated after a crash of either side.
 *
 * <p>Failures are {@link io.daytona.wire.error.DaytonaException}s: {@code 503} with a retry time
 * when the host is out of slots, disk or memory, {@code 500} with the cause otherwise. After a
 * failed {@link #start} nothing runs and a disk that it made itself is gone.
 */
public interface Runner {

  /** Boots the sandbox, or finds it running, and returns when its agent has answered. */
  StartedSandbox start(SandboxSpec spec);

  /**
   * Ends every process of the sandbox and keeps its disk; unknown or stopped sandboxes are fine.
   *
   * @param force true kills at once; false gives programs up to 5 s to end after SIGTERM
   */
  void stop(String sandboxId, boolean force);

  /**
   * Ends the sandbox and removes its disk; unknown sandboxes are fine. What is slow goes on in the
   * background.
   */
  void destroy(String sandboxId);

  /** Ids of the sandboxes that run on this host now. */
  Set<String> running();

  /** Ids of all sandboxes of which this host holds anything (processes or a disk). */
  Set<String> known();

  /** Where a sandbox is on this host; unknown ones are nowhere. */
  Placement placement(String sandboxId);

  /** Layers that this host holds. */
  Set<String> layers();

  /** Images whose tar has been prepared on this host, imported or not. */
  List<PreparedImage> preparedImages();

  /** Makes a prepared image's layer usable; returns when it is; idempotent. */
  void importLayer(String layer);

  /**
   * Removes a layer and what is left of its image; an absent one is fine.
   *
   * @return false while a running sandbox has it: then it stays
   */
  boolean dropLayer(String layer);

  /** Removes everything of sandboxes that are not in the set; returns the ids removed. */
  Set<String> retainOnly(Set<String> sandboxIds);

  /**
   * Calls the listener for every sandbox whose processes ended without {@link #stop} or {@link
   * #destroy}.
   */
  void onExit(ExitListener listener);

  /** Why a sandbox ended while nobody listened; {@code ENDED} when that is not known. */
  ExitCause causeOfEnd(String sandboxId);

  /** Current levels, for admission and metrics. */
  RunnerStatus status();

  /** Hears about sandboxes that ended by themselves. */
  interface ExitListener {
    /**
     * Hears of one end.
     *
     * @param sandboxId the sandbox
     * @param cause why it ended
     */
    void exited(String sandboxId, ExitCause cause);
  }
}
