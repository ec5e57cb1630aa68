package io.daytona.control.snapshot;

import io.daytona.control.persistence.Columns;
import io.daytona.wire.runner.PreparedImage.Offer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of the table of snapshots.
 *
 * @param id UUID
 * @param organizationId owner
 * @param regionId where it can be used
 * @param sandboxClass class of the sandboxes made from it: {@code container}, {@code linux-vm}, …
 * @param name unique in its organization
 * @param general whether every organization may use it
 * @param image image definition it is made from
 * @param imported whether that is an image the operator has imported: the snapshot goes with it
 * @param osUser user that programs run as unless a client names another
 * @param layers read-only layers, lowest first; empty until it is active
 * @param entrypoint command of the entrypoint session; null for none
 * @param cpu CPUs
 * @param gpu GPUs
 * @param memoryGib memory in GiB
 * @param diskGib disk in GiB
 * @param sizeBytes size of the image in bytes; null until known
 * @param state where it stands
 * @param errorReason what went wrong; null when nothing did
 * @param createdAt when it was made
 * @param updatedAt when it was changed last
 * @param lastUsedAt when a sandbox was made from it last
 */
public record Snapshot(
    String id,
    String organizationId,
    String regionId,
    String sandboxClass,
    String name,
    boolean general,
    String image,
    boolean imported,
    String osUser,
    List<String> layers,
    @Nullable List<String> entrypoint,
    int cpu,
    int gpu,
    int memoryGib,
    int diskGib,
    @Nullable Long sizeBytes,
    SnapshotState state,
    @Nullable String errorReason,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Instant lastUsedAt) {

  /** A new general snapshot that waits for its image. */
  static Snapshot waiting(
      String organizationId,
      String regionId,
      String name,
      String image,
      boolean imported,
      Offer offer,
      Instant now) {
    return new Snapshot(
        UUID.randomUUID().toString(),
        organizationId,
        regionId,
        "container",
        name,
        true,
        image,
        imported,
        offer.user(),
        List.of(),
        null,
        offer.cpu(),
        0,
        offer.memoryGib(),
        offer.diskGib(),
        null,
        SnapshotState.PENDING,
        null,
        now,
        now,
        null);
  }

  static Snapshot read(ResultSet row) throws SQLException {
    long size = row.getLong("size_bytes");
    Long sizeOrNull = row.wasNull() ? null : size;
    return new Snapshot(
        row.getString("id"),
        row.getString("organization_id"),
        row.getString("region_id"),
        row.getString("sandbox_class"),
        row.getString("name"),
        row.getBoolean("general"),
        row.getString("image"),
        row.getBoolean("imported"),
        row.getString("os_user"),
        Columns.texts(row, "layers"),
        Columns.textsOrNull(row, "entrypoint"),
        row.getInt("cpu"),
        row.getInt("gpu"),
        row.getInt("memory_gib"),
        row.getInt("disk_gib"),
        sizeOrNull,
        SnapshotState.ofWire(row.getString("state")),
        row.getString("error_reason"),
        Columns.time(row, "created_at"),
        Columns.time(row, "updated_at"),
        Columns.timeOrNull(row, "last_used_at"));
  }
}
