package io.daytona.wire.runner;

import java.util.Objects;

/**
 * What a sandbox is part of and made from, as the control plane knows it.
 *
 * @param organizationId owner
 * @param regionId where it runs; empty when that is not known
 * @param snapshot name of the snapshot it was made from; empty for none
 */
public record Origin(String organizationId, String regionId, String snapshot) {
  /** Absent keys of a saved one come as null. */
  @SuppressWarnings("NullAway")
  public Origin {
    organizationId = Objects.requireNonNullElse(organizationId, "");
    regionId = Objects.requireNonNullElse(regionId, "");
    snapshot = Objects.requireNonNullElse(snapshot, "");
  }
}
