package io.daytona.control.snapshot;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.Runner;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes general snapshots usable as soon as the image they are made from has been prepared. */
public final class SnapshotPreparation {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotPreparation.class);

  private final Snapshots snapshots;
  private final Runner runner;

  /** Imports images on this runner. */
  public SnapshotPreparation(Snapshots snapshots, Runner runner) {
    this.snapshots = snapshots;
    this.runner = runner;
  }

  /** Puts active snapshots back to pending whose layers this host has lost. */
  public void checkLayers() {
    Set<String> held = runner.layers();
    for (Snapshot snapshot : snapshots.general()) {
      if (snapshot.state() == SnapshotState.ACTIVE && !held.containsAll(snapshot.layers())) {
        LOG.warn("the layers of snapshot {} are gone, it is prepared again", snapshot.name());
        snapshots.move(snapshot.image(), SnapshotState.PENDING, List.of(), 0, "");
      }
    }
  }

  /**
   * Imports what has been prepared meanwhile; blocks while it does.
   *
   * @return whether every general snapshot is active
   */
  public boolean advance() {
    Set<String> waiting =
        snapshots.general().stream()
            .filter(snapshot -> snapshot.state() != SnapshotState.ACTIVE)
            .map(Snapshot::image)
            .collect(Collectors.toSet());
    if (waiting.isEmpty()) {
      return true;
    }
    List<PreparedImage> prepared = runner.preparedImages();
    boolean complete = true;
    for (String image : waiting) {
      Optional<PreparedImage> newest =
          prepared.stream()
              .filter(candidate -> candidate.image().equals(image))
              .max(Comparator.comparing(PreparedImage::created));
      complete &= newest.isPresent() && imported(newest.get());
    }
    return complete;
  }

  private boolean imported(PreparedImage image) {
    snapshots.move(image.image(), SnapshotState.PULLING, List.of(), image.sizeBytes(), "");
    try {
      runner.importLayer(image.layer());
    } catch (DaytonaException e) {
      LOG.error("image {} cannot be imported, trying again", image.image(), e);
      snapshots.move(
          image.image(), SnapshotState.ERROR, List.of(), image.sizeBytes(), e.sentence());
      return false;
    }
    snapshots.move(
        image.image(), SnapshotState.ACTIVE, List.of(image.layer()), image.sizeBytes(), "");
    LOG.info("snapshots of image {} are ready", image.image());
    return true;
  }
}
