package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** The statements that write sandbox rows. */
final class SandboxStatements {
  /** The unique constraint on names. */
  static final String NAME_TAKEN = "sandbox_name_taken";

  private static final String RECORD =
      """
      , journal AS (
        INSERT INTO sandbox_journal (sandbox_id, organization_id, region_id, sandbox_class,
          from_state, to_state, trigger, reason, at)
        SELECT id, organization_id, region_id, sandbox_class, from_state, state, :trigger, :reason,
          :now FROM moved
      ), event AS (
        INSERT INTO outbox (organization_id, region_id, sandbox_class, event, subject, payload, at)
        SELECT organization_id, region_id, sandbox_class, :event, id::text,
          jsonb_build_object('id', id, 'name', name, 'oldState', from_state, 'newState', state,
            'desiredState', desired_state, 'trigger', CAST(:trigger AS text)), :now FROM moved
      )
      SELECT * FROM moved
      """;

  // set_config with its last argument true holds for this transaction only, and the commit at the
  // end of this one statement reads it: no round trip is spent on choosing how durable it is.
  private static final String INSERT =
      """
      WITH setting AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true) AS mode
      ), moved AS (
        INSERT INTO sandbox (id, organization_id, region_id, sandbox_class, name, snapshot, layers,
          entrypoint, os_user, env, labels, public, network_block_all, cpu, gpu, memory_gib,
          disk_gib, state, desired_state, auto_stop_interval, auto_archive_interval,
          auto_delete_interval, auth_token, created_at, updated_at, last_activity_at, version)
        SELECT CAST(:id AS uuid), CAST(:organization AS uuid), :region, :class, :name, :snapshot,
          :layers, :entrypoint, :user, CAST(:env AS jsonb), CAST(:labels AS jsonb), :public,
          :blockAll, :cpu, :gpu, :memory, :disk, :state, :desired, :autoStop, :autoArchive,
          :autoDelete, :token, :now, :now, :now, 1
        FROM setting
        ON CONFLICT (id) DO NOTHING
        RETURNING *, CAST(NULL AS text) AS from_state
      )
      """
          + RECORD;

  private static final String MOVE =
      """
      WITH setting AS MATERIALIZED (
        SELECT set_config('synchronous_commit',
          CASE WHEN :durable THEN current_setting('synchronous_commit') ELSE 'off' END, true) AS mode
      ), moved AS (
        UPDATE sandbox SET
          state = :to,
          desired_state = COALESCE(:desired, sandbox.desired_state),
          error_reason = :errorReason,
          auth_token = COALESCE(:token, sandbox.auth_token),
          daemon_version = COALESCE(:daemonVersion, sandbox.daemon_version),
          name = CASE WHEN :freesName THEN 'DESTROYED_' || sandbox.name || '_' || :millis
            ELSE sandbox.name END,
          last_activity_at = GREATEST(sandbox.last_activity_at, :now),
          updated_at = :now,
          version = sandbox.version + 1
        FROM setting
        WHERE sandbox.id = CAST(:id AS uuid) AND sandbox.state = ANY (:from)
        RETURNING old.state AS from_state, new.*
      )
      """
          + RECORD;

  private SandboxStatements() {}

  /** Makes a row in state {@code creating}; empty when its id exists. */
  static Optional<Sandbox> insert(Handle handle, Sandbox sandbox) {
    return handle
        .createQuery(INSERT)
        .bind("id", sandbox.id())
        .bind("organization", sandbox.organizationId())
        .bind("region", sandbox.regionId())
        .bind("class", sandbox.sandboxClass())
        .bind("name", sandbox.name())
        .bind("snapshot", sandbox.snapshot())
        .bind("layers", Columns.array(sandbox.layers()))
        .bind("entrypoint", Columns.array(sandbox.entrypoint()))
        .bind("user", sandbox.osUser())
        .bind("env", Columns.json(sandbox.env()))
        .bind("labels", Columns.json(sandbox.labels()))
        .bind("public", sandbox.isPublic())
        .bind("blockAll", sandbox.networkBlockAll())
        .bind("cpu", sandbox.cpu())
        .bind("gpu", sandbox.gpu())
        .bind("memory", sandbox.memoryGib())
        .bind("disk", sandbox.diskGib())
        .bind("state", SandboxTransitions.to(SandboxTrigger.CREATE).wire())
        .bind("desired", sandbox.desiredState().wire())
        .bind("autoStop", sandbox.autoStopInterval())
        .bind("autoArchive", sandbox.autoArchiveInterval())
        .bind("autoDelete", sandbox.autoDeleteInterval())
        .bind("token", sandbox.authToken())
        .bind("now", Columns.time(sandbox.createdAt()))
        .bind("trigger", SandboxTrigger.CREATE.wire())
        .bind("reason", (String) null)
        .bind("event", "sandbox.created")
        .map((row, context) -> Sandbox.read(row))
        .findOne();
  }

  /** Moves a row that is in one of these states, all of which the table allows. */
  static Optional<Moved> move(
      Handle handle,
      String id,
      Set<SandboxState> from,
      SandboxTrigger trigger,
      Change change,
      Instant now) {
    DesiredState desired = trigger.desired();
    return handle
        .createQuery(MOVE)
        .bind("durable", trigger.durable())
        .bind("to", SandboxTransitions.to(trigger).wire())
        .bind("desired", desired == null ? null : desired.wire())
        .bind("errorReason", change.errorReason())
        .bind("token", change.authToken())
        .bind("daemonVersion", change.daemonVersion())
        .bind("freesName", trigger.freesName())
        .bind("millis", Long.toString(now.toEpochMilli()))
        .bind("now", Columns.time(now))
        .bind("id", id)
        .bind("from", from.stream().map(SandboxState::wire).toArray(String[]::new))
        .bind("trigger", trigger.wire())
        .bind("reason", change.reason())
        .bind("event", "sandbox.state.updated")
        .map((row, context) ->
            new Moved(Sandbox.read(row), SandboxState.ofWire(row.getString("from_state"))))
        .findOne();
  }

  /** Changes one setting of a row that is not being or has not been destroyed. */
  static Optional<Sandbox> set(Handle handle, String id, SandboxSetting setting, Instant now) {
    String assignment =
        switch (setting) {
          case SandboxSetting.Labels any -> "labels = CAST(:value AS jsonb)";
          case SandboxSetting.Public any -> "public = :value";
          case SandboxSetting.AutoStop any -> "auto_stop_interval = :value";
          case SandboxSetting.AutoArchive any -> "auto_archive_interval = :value";
          case SandboxSetting.AutoDelete any -> "auto_delete_interval = :value";
          case SandboxSetting.Used any -> "last_activity_at = GREATEST(last_activity_at, :now)";
        };
    Query query =
        handle
            .createQuery(
                "UPDATE sandbox SET "
                    + assignment
                    + ", updated_at = :now, version = version + 1 WHERE id = CAST(:id AS uuid)"
                    + " AND state NOT IN ('destroying', 'destroyed') RETURNING *")
            .bind("id", id)
            .bind("now", Columns.time(now));
    switch (setting) {
      case SandboxSetting.Labels(var labels) -> query.bind("value", Columns.json(labels));
      case SandboxSetting.Public(boolean value) -> query.bind("value", value);
      case SandboxSetting.AutoStop(int minutes) -> query.bind("value", minutes);
      case SandboxSetting.AutoArchive(int minutes) -> query.bind("value", minutes);
      case SandboxSetting.AutoDelete(int minutes) -> query.bind("value", minutes);
      case SandboxSetting.Used() -> {}
    }
    return query.map((row, context) -> Sandbox.read(row)).findOne();
  }
}
