package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.wire.runner.Origin;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row of the table of sandboxes.
 *
 * @param id UUID in lower case
 * @param organizationId owner
 * @param regionId where it runs
 * @param sandboxClass how it is isolated, {@code container}
 * @param name unique in its organization
 * @param snapshot name of the snapshot it was made from
 * @param layers read-only layers, lowest first
 * @param entrypoint command of the entrypoint session; empty for none
 * @param osUser user that programs run as
 * @param env environment; may hold secrets
 * @param labels labels
 * @param isPublic whether previews need no credentials
 * @param networkBlockAll whether it has no network
 * @param cpu CPUs
 * @param gpu GPUs
 * @param memoryGib memory in GiB
 * @param diskGib disk in GiB
 * @param state where it stands
 * @param desiredState where it is meant to be
 * @param errorReason what went wrong; null when nothing did
 * @param recoverable whether it can leave the error state
 * @param autoStopInterval minutes without activity until it is stopped; 0 never
 * @param autoArchiveInterval minutes stopped until it is archived
 * @param autoDeleteInterval minutes stopped until it is deleted; 0 at once, negative never
 * @param authToken its preview token, new with every start
 * @param daemonVersion release of the agent inside; null before the first start
 * @param createdAt when it was made
 * @param updatedAt when it was changed last
 * @param lastActivityAt when it was used last
 * @param version grows with every change
 */
public record Sandbox(
    String id,
    String organizationId,
    String regionId,
    String sandboxClass,
    String name,
    @Nullable String snapshot,
    List<String> layers,
    List<String> entrypoint,
    String osUser,
    Map<String, String> env,
    Map<String, String> labels,
    boolean isPublic,
    boolean networkBlockAll,
    int cpu,
    int gpu,
    int memoryGib,
    int diskGib,
    SandboxState state,
    DesiredState desiredState,
    @Nullable String errorReason,
    boolean recoverable,
    int autoStopInterval,
    int autoArchiveInterval,
    int autoDeleteInterval,
    String authToken,
    @Nullable String daemonVersion,
    Instant createdAt,
    Instant updatedAt,
    Instant lastActivityAt,
    long version) {
  private static final String PROFILE = "default";

  static Sandbox read(ResultSet row) throws SQLException {
    return new Sandbox(
        row.getString("id"),
        row.getString("organization_id"),
        row.getString("region_id"),
        row.getString("sandbox_class"),
        row.getString("name"),
        row.getString("snapshot"),
        Columns.texts(row, "layers"),
        Columns.texts(row, "entrypoint"),
        row.getString("os_user"),
        Columns.strings(row, "env"),
        Columns.strings(row, "labels"),
        row.getBoolean("public"),
        row.getBoolean("network_block_all"),
        row.getInt("cpu"),
        row.getInt("gpu"),
        row.getInt("memory_gib"),
        row.getInt("disk_gib"),
        SandboxState.ofWire(row.getString("state")),
        DesiredState.valueOf(row.getString("desired_state").toUpperCase(Locale.ROOT)),
        row.getString("error_reason"),
        row.getBoolean("recoverable"),
        row.getInt("auto_stop_interval"),
        row.getInt("auto_archive_interval"),
        row.getInt("auto_delete_interval"),
        row.getString("auth_token"),
        row.getString("daemon_version"),
        Columns.time(row, "created_at"),
        Columns.time(row, "updated_at"),
        Columns.time(row, "last_activity_at"),
        row.getLong("version"));
  }

  /** Whether it is deleted instead of stopped. */
  boolean ephemeral() {
    return autoDeleteInterval == 0;
  }

  /** Whether it can only be deleted. */
  boolean errored() {
    return state == SandboxState.ERROR || state == SandboxState.BUILD_FAILED;
  }

  /** Whether clients may still see it (control-plane protocol §3.3). */
  boolean visible() {
    return state != SandboxState.DESTROYED
        && !(errored() && desiredState == DesiredState.DESTROYED);
  }

  /** The state that replies about one sandbox show (control-plane protocol §2.7). */
  SandboxState presentedState() {
    return switch (state) {
      case STARTED ->
          switch (desiredState) {
            case STOPPED -> SandboxState.STOPPING;
            case DESTROYED -> SandboxState.DESTROYING;
            default -> state;
          };
      case STOPPED ->
          switch (desiredState) {
            case STARTED -> SandboxState.STARTING;
            case DESTROYED -> SandboxState.DESTROYING;
            case ARCHIVED -> SandboxState.ARCHIVING;
            default -> state;
          };
      case UNKNOWN -> desiredState == DesiredState.STARTED ? SandboxState.CREATING : state;
      default -> state;
    };
  }

  /** What a runner needs to know. */
  SandboxSpec spec() {
    return new SandboxSpec(
        id,
        new Origin(organizationId, regionId, snapshot == null ? "" : snapshot),
        layers,
        cpu,
        memoryGib,
        diskGib,
        osUser,
        env,
        entrypoint,
        PROFILE);
  }

  /** Never shows environment and token. */
  @Override
  public String toString() {
    return "Sandbox[id=" + id + ", state=" + state + ", desiredState=" + desiredState + "]";
  }
}
