package io.daytona.control.snapshot;

import io.daytona.control.persistence.Times;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.PreparedImage.Offer;
import io.daytona.wire.runner.Runner;
import java.time.Clock;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a general snapshot for each image that the operator has imported. One whose image is
 * withdrawn makes no more sandboxes; its layer goes when no sandbox is made of it any more.
 */
public final class ImportedImages {
  private static final Logger LOG = LoggerFactory.getLogger(ImportedImages.class);
  private static final String IN_USE =
      "Sandboxes made from it still exist; what is left of it goes with the last of them";

  private final Snapshots snapshots;
  private final Runner runner;
  private final Predicate<List<String>> inUse;
  private final Clock clock;
  private @Nullable Owner owner;

  private record Owner(String organizationId, String region) {}

  /**
   * @param snapshots the rows
   * @param runner drops layers
   * @param inUse whether any sandbox, running or not, has one of these layers
   * @param clock tells the time
   */
  public ImportedImages(
      Snapshots snapshots, Runner runner, Predicate<List<String>> inUse, Clock clock) {
    this.snapshots = snapshots;
    this.runner = runner;
    this.inUse = inUse;
    this.clock = clock;
  }

  /** Names whose they are; nothing is imported before. */
  public void belongTo(String organizationId, String region) {
    owner = new Owner(organizationId, region);
  }

  /**
   * Makes and withdraws snapshots.
   *
   * @param prepared all images on this host
   * @return whether nothing waits for the end of a sandbox
   */
  boolean follow(List<PreparedImage> prepared) {
    boolean done = true;
    for (Snapshot snapshot : snapshots.general()) {
      if (snapshot.imported() && isWithdrawn(snapshot, prepared)) {
        done &= withdraw(snapshot);
      }
    }
    Owner of = owner;
    if (of != null) {
      prepared.forEach(image -> offer(image, of));
    }
    return done;
  }

  private static boolean isWithdrawn(Snapshot snapshot, List<PreparedImage> prepared) {
    return snapshot.state() == SnapshotState.REMOVING
        || prepared.stream()
            .noneMatch(image ->
                image.image().equals(snapshot.image())
                    && (snapshot.layers().isEmpty() || snapshot.layers().contains(image.layer())));
  }

  private boolean withdraw(Snapshot snapshot) {
    Long size = snapshot.sizeBytes();
    boolean used = inUse.test(snapshot.layers());
    if (snapshot.state() != SnapshotState.REMOVING) {
      snapshots.move(
          snapshot.image(),
          SnapshotState.REMOVING,
          snapshot.layers(),
          size == null ? 0 : size,
          used ? IN_USE : "");
    }
    if (used || !snapshot.layers().stream().allMatch(runner::dropLayer)) {
      return false;
    }
    snapshots.remove(snapshot.id());
    LOG.info("the imported image {} is removed", snapshot.name());
    return true;
  }

  private void offer(PreparedImage image, Owner of) {
    Offer offer = image.offer();
    if (offer == null) {
      return;
    }
    String name = image.image();
    snapshots.add(
        Snapshot.waiting(
            of.organizationId(), of.region(), name, name, true, offer, Times.now(clock)));
  }
}
