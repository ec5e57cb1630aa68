package io.daytona.control.snapshot;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
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
  private final ImportedImages imports;
  private List<PreparedImage> seen = List.of();
  private boolean complete;

  /**
   * @param snapshots the rows
   * @param runner imports images
   * @param imports follows what the operator imports
   */
  public SnapshotPreparation(Snapshots snapshots, Runner runner, ImportedImages imports) {
    this.snapshots = snapshots;
    this.runner = runner;
    this.imports = imports;
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
   * Imports what has been prepared meanwhile, and takes back what has been withdrawn; blocks while
   * it does.
   *
   * @return whether nothing is left to do until something else is prepared or withdrawn
   */
  public boolean advance() {
    List<PreparedImage> prepared = runner.preparedImages();
    if (complete && prepared.equals(seen)) {
      return true;
    }
    complete = false;
    boolean done = imports.follow(prepared);
    for (String image : waiting()) {
      Optional<PreparedImage> newest =
          prepared.stream()
              .filter(candidate -> candidate.image().equals(image))
              .max(Comparator.comparing(PreparedImage::created));
      done &= newest.isPresent() && settled(newest.get());
    }
    seen = prepared;
    complete = done;
    return done;
  }

  /** An imported image that was refused for good waits for its operator. */
  private Set<String> waiting() {
    Set<SnapshotState> over = Set.of(SnapshotState.ERROR, SnapshotState.REMOVING);
    return snapshots.general().stream()
        .filter(snapshot -> snapshot.state() != SnapshotState.ACTIVE)
        .filter(snapshot -> !snapshot.imported() || !over.contains(snapshot.state()))
        .map(Snapshot::image)
        .collect(Collectors.toSet());
  }

  /** Imports an image; false when that is to be tried again. */
  private boolean settled(PreparedImage image) {
    snapshots.move(image.image(), SnapshotState.PULLING, List.of(), image.sizeBytes(), "");
    try {
      runner.importLayer(image.layer());
    } catch (DaytonaException e) {
      boolean again = image.offer() == null || e.kind() == ErrorKind.UNAVAILABLE;
      LOG.error("image {} cannot be imported{}", image.image(), again ? ", trying again" : "", e);
      SnapshotState state =
          again && image.offer() != null ? SnapshotState.PENDING : SnapshotState.ERROR;
      snapshots.move(image.image(), state, List.of(), image.sizeBytes(), e.sentence());
      return !again;
    }
    snapshots.move(
        image.image(), SnapshotState.ACTIVE, List.of(image.layer()), image.sizeBytes(), "");
    LOG.info("snapshots of image {} are ready", image.image());
    return true;
  }
}
