package io.daytona.control.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox as the cursor list shows it: without its environment, and with its state as it is.
 *
 * @param id UUID
 * @param organizationId owner
 * @param name unique in its organization
 * @param target id of its region
 * @param sandboxClass how it is isolated
 * @param state state of the row (control-plane protocol §2.7)
 * @param desiredState where it is meant to be
 * @param snapshot name of the snapshot it was made from
 * @param user user that programs run as
 * @param errorReason what went wrong
 * @param recoverable whether it can leave the error state
 * @param isPublic whether previews need no credentials
 * @param networkBlockAll whether it has no network
 * @param cpu CPUs
 * @param gpu GPUs
 * @param memory memory in GiB
 * @param disk disk in GiB
 * @param labels labels
 * @param autoStopInterval minutes without activity until it is stopped; 0 never
 * @param autoArchiveInterval minutes stopped until it is archived
 * @param autoDeleteInterval minutes stopped until it is deleted; negative never
 * @param createdAt when it was made
 * @param updatedAt when it was changed last
 * @param lastActivityAt when it was used last
 * @param daemonVersion release of the agent inside
 * @param toolboxProxyUrl base of its toolbox URL
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SandboxListItem(
    String id,
    String organizationId,
    String name,
    String target,
    String sandboxClass,
    SandboxState state,
    DesiredState desiredState,
    @Nullable String snapshot,
    String user,
    @Nullable String errorReason,
    boolean recoverable,
    @JsonProperty("public") boolean isPublic,
    boolean networkBlockAll,
    int cpu,
    int gpu,
    int memory,
    int disk,
    Map<String, String> labels,
    int autoStopInterval,
    int autoArchiveInterval,
    int autoDeleteInterval,
    Instant createdAt,
    Instant updatedAt,
    Instant lastActivityAt,
    @Nullable String daemonVersion,
    String toolboxProxyUrl) {

  static SandboxListItem of(Sandbox row, String toolboxProxyUrl) {
    return new SandboxListItem(
        row.id(),
        row.organizationId(),
        row.name(),
        row.regionId(),
        row.sandboxClass(),
        row.state(),
        row.desiredState(),
        row.snapshot(),
        row.osUser(),
        row.errorReason(),
        row.recoverable(),
        row.isPublic(),
        row.networkBlockAll(),
        row.cpu(),
        row.gpu(),
        row.memoryGib(),
        row.diskGib(),
        row.labels(),
        row.autoStopInterval(),
        row.autoArchiveInterval(),
        row.autoDeleteInterval(),
        row.createdAt(),
        row.updatedAt(),
        row.lastActivityAt(),
        row.daemonVersion(),
        toolboxProxyUrl);
  }
}
