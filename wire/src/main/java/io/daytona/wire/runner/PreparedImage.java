package io.daytona.wire.runner;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An image whose one layer was made on this host.
 *
 * @param image name of its definition, {@code default}, or the one the operator gave it
 * @param layer id of its layer
 * @param sizeBytes size of the tar in bytes
 * @param created when it was made
 * @param offer how it is offered as a snapshot of its own name; null for the platform's images
 */
public record PreparedImage(
    String image, String layer, long sizeBytes, Instant created, @Nullable Offer offer) {

  /**
   * What sandboxes made from an image get unless their client asks otherwise.
   *
   * @param user user that programs run as
   * @param cpu CPUs
   * @param memoryGib memory in GiB
   * @param diskGib disk in GiB
   */
  public record Offer(String user, int cpu, int memoryGib, int diskGib) {}

  /** One of the platform's own images. */
  public PreparedImage(String image, String layer, long sizeBytes, Instant created) {
    this(image, layer, sizeBytes, created, null);
  }
}
