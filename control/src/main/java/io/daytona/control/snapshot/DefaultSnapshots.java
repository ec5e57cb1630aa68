package io.daytona.control.snapshot;

import io.daytona.control.persistence.Times;
import io.daytona.wire.runner.PreparedImage.Offer;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/**
 * The general snapshots of a new installation: one image in three sizes (control-plane protocol
 * §5.3).
 */
public final class DefaultSnapshots {
  /** Name of their image definition. */
  public static final String IMAGE = "default";

  private static final String USER = "daytona";

  private record Size(String name, Offer offer) {}

  private static final List<Size> SIZES =
      List.of(
          new Size("daytona-small", new Offer(USER, 1, 1, 3)),
          new Size("daytona-medium", new Offer(USER, 2, 4, 8)),
          new Size("daytona-large", new Offer(USER, 4, 8, 10)));

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
          Snapshot.waiting(organizationId, region, size.name(), IMAGE, false, size.offer(), now));
    }
  }
}
