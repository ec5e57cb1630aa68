package io.daytona.control.snapshot;

import io.daytona.control.persistence.Times;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * The general snapshots of a new installation: one image in three sizes (control-plane protocol
 * §5.3).
 */
public final class DefaultSnapshots {
  /** Name of their image definition. */
  public static final String IMAGE = "default";

  private record Size(String name, int cpu, int memoryGib, int diskGib) {}

  private static final List<Size> SIZES =
      List.of(
          new Size("daytona-small", 1, 1, 3),
          new Size("daytona-medium", 2, 4, 8),
          new Size("daytona-large", 4, 8, 10));

  private final Snapshots snapshots;
  private final Clock clock;

  /** Makes them here. */
  public DefaultSnapshots(Snapshots snapshots, Clock clock) {
    this.snapshots = snapshots;
    this.clock = clock;
  }

  /** Makes those that are missing; they become active once their image is imported. */
  public void prepare(String organizationId, String region) {
    Instant now = Times.now(clock);
    for (Size size : SIZES) {
      snapshots.add(
          new Snapshot(
              UUID.randomUUID().toString(),
              organizationId,
              region,
              "container",
              size.name(),
              true,
              IMAGE,
              List.of(),
              null,
              size.cpu(),
              0,
              size.memoryGib(),
              size.diskGib(),
              null,
              SnapshotState.PENDING,
              null,
              now,
              now,
              null));
    }
  }
}
