package io.daytona.control.snapshot;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot as clients see it; keys that the reference schema requires are always there, null or
 * not.
 *
 * @param id UUID
 * @param organizationId owner; absent for general ones, whose owner is nobody's business
 * @param general whether every organization may use it
 * @param name name to create sandboxes by
 * @param state where it stands
 * @param size size in GB
 * @param entrypoint command of the entrypoint session
 * @param cpu CPUs
 * @param gpu GPUs
 * @param mem memory in GiB
 * @param disk disk in GiB
 * @param errorReason what went wrong
 * @param createdAt when it was made
 * @param updatedAt when it was changed last
 * @param lastUsedAt when a sandbox was made from it last
 * @param regionIds where it can be used
 * @param ref what it is stored as; absent until it is active
 * @param sourceSandboxId the sandbox it was taken from
 * @param sandboxClass class of the sandboxes made from it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SnapshotDto(
    String id,
    @Nullable String organizationId,
    boolean general,
    String name,
    SnapshotState state,
    @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Double size,
    @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable List<String> entrypoint,
    int cpu,
    int gpu,
    int mem,
    int disk,
    @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String errorReason,
    Instant createdAt,
    Instant updatedAt,
    @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Instant lastUsedAt,
    List<String> regionIds,
    @Nullable String ref,
    @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String sourceSandboxId,
    String sandboxClass) {
  private static final double BYTES_PER_GB = 1e9;

  static SnapshotDto of(Snapshot snapshot) {
    Long bytes = snapshot.sizeBytes();
    return new SnapshotDto(
        snapshot.id(),
        snapshot.general() ? null : snapshot.organizationId(),
        snapshot.general(),
        snapshot.name(),
        snapshot.state(),
        bytes == null ? null : bytes / BYTES_PER_GB,
        snapshot.entrypoint(),
        snapshot.cpu(),
        snapshot.gpu(),
        snapshot.memoryGib(),
        snapshot.diskGib(),
        snapshot.errorReason(),
        snapshot.createdAt(),
        snapshot.updatedAt(),
        snapshot.lastUsedAt(),
        List.of(snapshot.regionId()),
        snapshot.layers().isEmpty() ? null : snapshot.layers().getLast(),
        null,
        snapshot.sandboxClass());
  }
}
