package io.daytona.control.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox as replies about one sandbox show it; keys that the reference schema requires are
 * always there.
 *
 * @param id UUID
 * @param organizationId owner
 * @param name unique in its organization
 * @param snapshot name of the snapshot it was made from
 * @param user user that programs run as
 * @param env environment given by the client
 * @param labels labels
 * @param isPublic whether previews need no credentials
 * @param networkBlockAll whether it has no network
 * @param kvm whether {@code /dev/kvm} is inside; newer clients (0.226) require the key
 * @param target id of its region
 * @param cpu CPUs
 * @param gpu GPUs
 * @param memory memory in GiB
 * @param disk disk in GiB
 * @param state presented state (control-plane protocol §2.7)
 * @param desiredState where it is meant to be
 * @param errorReason what went wrong
 * @param recoverable whether it can leave the error state
 * @param autoStopInterval minutes without activity until it is stopped; 0 never
 * @param autoArchiveInterval minutes stopped until it is archived
 * @param autoDeleteInterval minutes stopped until it is deleted; negative never
 * @param volumes attached volumes
 * @param createdAt when it was made
 * @param updatedAt when it was changed last
 * @param lastActivityAt when it was used last
 * @param sandboxClass how it is isolated
 * @param daemonVersion release of the agent inside
 * @param toolboxProxyUrl base of its toolbox URL
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SandboxDto(
    String id,
    String organizationId,
    String name,
    @Nullable String snapshot,
    String user,
    Map<String, String> env,
    Map<String, String> labels,
    @JsonProperty("public") boolean isPublic,
    boolean networkBlockAll,
    boolean kvm,
    String target,
    int cpu,
    int gpu,
    int memory,
    int disk,
    SandboxState state,
    DesiredState desiredState,
    @Nullable String errorReason,
    boolean recoverable,
    int autoStopInterval,
    int autoArchiveInterval,
    int autoDeleteInterval,
    List<SandboxVolumeDto> volumes,
    Instant createdAt,
    Instant updatedAt,
    Instant lastActivityAt,
    String sandboxClass,
    @Nullable String daemonVersion,
    String toolboxProxyUrl) {

  static SandboxDto of(Sandbox row, String toolboxProxyUrl) {
    return new SandboxDto(
        row.id(),
        row.organizationId(),
        row.name(),
        row.snapshot(),
        row.osUser(),
        row.env(),
        row.labels(),
        row.isPublic(),
        row.networkBlockAll(),
        false, // no class of this host has it
        row.regionId(),
        row.cpu(),
        row.gpu(),
        row.memoryGib(),
        row.diskGib(),
        row.presentedState(),
        row.desiredState(),
        row.errorReason(),
        row.recoverable(),
        row.autoStopInterval(),
        row.autoArchiveInterval(),
        row.autoDeleteInterval(),
        List.of(),
        row.createdAt(),
        row.updatedAt(),
        row.lastActivityAt(),
        row.sandboxClass(),
        row.daemonVersion(),
        toolboxProxyUrl);
  }

  /** Never shows the environment. */
  @Override
  public String toString() {
    return "SandboxDto[id=" + id + ", state=" + state + "]";
  }
}
