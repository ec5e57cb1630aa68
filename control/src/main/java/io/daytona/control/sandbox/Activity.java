package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import io.daytona.control.snapshot.Snapshots;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;

/**
 * When sandboxes and snapshots were used last, collected in memory and written in batches: at most
 * one time per sandbox in five seconds, all of them in one statement (control-plane protocol §3.5).
 */
final class Activity {
  private static final Duration RESOLUTION = Duration.ofSeconds(5);

  private final Database database;
  private final Snapshots snapshots;
  private final Clock clock;
  private final ConcurrentHashMap<String, Instant> touched = new ConcurrentHashMap<>();
  private final Set<String> usedSnapshots = ConcurrentHashMap.newKeySet();

  Activity(Database database, Snapshots snapshots, Clock clock) {
    this.database = database;
    this.snapshots = snapshots;
    this.clock = clock;
  }

  /** A sandbox was used now. */
  void touch(String sandboxId) {
    Instant now = Times.now(clock);
    Instant last = touched.get(sandboxId);
    if (last == null || Duration.between(last, now).compareTo(RESOLUTION) >= 0) {
      touched.put(sandboxId, now);
    }
  }

  /** A sandbox was made from a snapshot now. */
  void usedSnapshot(String snapshotId) {
    usedSnapshots.add(snapshotId);
  }

  /** Writes what was collected; what cannot be written stays collected. */
  void flush() {
    flushSnapshots();
    Map<String, Instant> batch = new HashMap<>(touched);
    if (batch.isEmpty()) {
      return;
    }
    List<String> ids = new ArrayList<>(batch.size());
    List<String> times = new ArrayList<>(batch.size());
    batch.forEach((id, time) -> {
      ids.add(id);
      times.add(time.toString());
    });
    database.run(handle ->
        handle
            .createUpdate(
                """
                UPDATE sandbox SET last_activity_at = used.at, version = version + 1
                FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS used (id, at)
                WHERE sandbox.id = used.id AND sandbox.last_activity_at < used.at
                """)
            .bind("ids", Columns.array(ids))
            .bind("times", Columns.array(times))
            .execute());
    batch.forEach(touched::remove);
  }

  /** The wall clock was set: what was used at a time of the old clock is as long ago as before. */
  int jumped(Handle handle, ClockJump jump) {
    touched.replaceAll((id, at) -> jump.now());
    return jump.shift(
        handle,
        """
        UPDATE sandbox SET last_activity_at = %1$s, version = version + 1
        WHERE state <> 'destroyed' AND %2$s
        """,
        "last_activity_at");
  }

  private void flushSnapshots() {
    List<String> used = List.copyOf(usedSnapshots);
    if (!used.isEmpty()) {
      snapshots.used(used, Times.now(clock));
      used.forEach(usedSnapshots::remove);
    }
  }
}
