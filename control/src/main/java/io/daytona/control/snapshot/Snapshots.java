package io.daytona.control.snapshot;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import io.daytona.wire.Ids;
import io.daytona.wire.failpoint.Failpoints;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.statement.Query;

/**
 * The snapshots an organization can use: its own and the general ones.
 *
 * <p>Every create asks for one, so a found one counts for two seconds without asking again; changes
 * made by this process count at once.
 */
public final class Snapshots {
  private static final Duration KEPT = Duration.ofSeconds(2);
  private static final int MOST_KEPT = 10_000;
  private static final String VISIBLE =
      "(organization_id = CAST(:organization AS uuid) OR general)";

  private final Database database;
  private final Clock clock;
  private final Failpoints failpoints;
  private final ConcurrentHashMap<Key, Found> found = new ConcurrentHashMap<>();

  private record Key(String organizationId, String nameOrId) {}

  private record Found(Snapshot snapshot, Instant read) {}

  /**
   * @param database has the rows
   * @param clock tells the time
   * @param failpoints places behind the steps
   */
  public Snapshots(Database database, Clock clock, Failpoints failpoints) {
    this.database = database;
    this.clock = clock;
    this.failpoints = failpoints;
  }

  /** A snapshot by id or name; the organization's own before a general one of the same name. */
  public Optional<Snapshot> find(String organizationId, String nameOrId) {
    Key key = new Key(organizationId, nameOrId);
    Instant now = Times.now(clock);
    Found known = found.get(key);
    if (known != null && Times.isFresh(known.read(), now, KEPT)) {
      return Optional.of(known.snapshot());
    }
    Optional<Snapshot> snapshot = read(organizationId, nameOrId);
    if (found.size() >= MOST_KEPT) {
      found.clear();
    }
    snapshot.ifPresentOrElse(row -> found.put(key, new Found(row, now)), () -> found.remove(key));
    return snapshot;
  }

  /** A snapshot by id or name as it is now. */
  Optional<Snapshot> read(String organizationId, String nameOrId) {
    String lower = nameOrId.toLowerCase(Locale.ROOT);
    boolean id = Ids.isUuid(lower);
    String condition = id ? "(id = CAST(:id AS uuid) OR name = :name)" : "name = :name";
    String order = id ? "id = CAST(:id AS uuid) DESC, general" : "general";
    return database.run(handle -> {
      Query query =
          handle.createQuery(
              "SELECT * FROM snapshot WHERE "
                  + VISIBLE
                  + " AND "
                  + condition
                  + " ORDER BY "
                  + order
                  + " LIMIT 1");
      if (id) {
        query.bind("id", lower);
      }
      return query
          .bind("organization", organizationId)
          .bind("name", nameOrId)
          .map((row, context) -> Snapshot.read(row))
          .findOne();
    });
  }

  /**
   * One page (control-plane protocol §4.2): own snapshots first.
   *
   * @param namePart part of the name; empty for all
   * @param order column and direction
   */
  List<Snapshot> list(
      String organizationId, String namePart, SnapshotOrder order, int limit, long offset) {
    return database.run(handle ->
        handle
            .createQuery(
                "SELECT * FROM snapshot WHERE "
                    + VISIBLE
                    + " AND position(lower(:part) IN lower(name)) > 0 ORDER BY general, "
                    + order.sql()
                    + ", id LIMIT :limit OFFSET :offset")
            .bind("organization", organizationId)
            .bind("part", namePart)
            .bind("limit", limit)
            .bind("offset", offset)
            .map((row, context) -> Snapshot.read(row))
            .list());
  }

  /** How many there are on all pages. */
  long count(String organizationId, String namePart) {
    return database.run(handle ->
        handle
            .createQuery(
                "SELECT count(*) FROM snapshot WHERE "
                    + VISIBLE
                    + " AND position(lower(:part) IN lower(name)) > 0")
            .bind("organization", organizationId)
            .bind("part", namePart)
            .mapTo(Long.class)
            .one());
  }

  /** Notes that sandboxes were made from these snapshots. */
  public void used(List<String> ids, Instant at) {
    database.run(handle ->
        handle
            .createUpdate(
                """
                UPDATE snapshot SET last_used_at = :at
                WHERE id = ANY (CAST(:ids AS uuid[]))
                """)
            .bind("at", Columns.time(at))
            .bind("ids", Columns.array(ids))
            .execute());
  }

  /** General snapshots, whatever their state. */
  List<Snapshot> general() {
    return database.run(handle ->
        handle
            .createQuery("SELECT * FROM snapshot WHERE general ORDER BY name")
            .map((row, context) -> Snapshot.read(row))
            .list());
  }

  /** Makes a general snapshot unless it exists. */
  void add(Snapshot snapshot) {
    database.run(handle ->
        handle
            .createUpdate(
                """
                INSERT INTO snapshot (id, organization_id, region_id, sandbox_class, name,
                  general, image, imported, os_user, cpu, gpu, memory_gib, disk_gib, state, created_at, updated_at)
                VALUES (CAST(:id AS uuid), CAST(:organization AS uuid), :region, :class, :name,
                  :general, :image, :imported, :user, :cpu, :gpu, :memory, :disk, :state, :now, :now)
                ON CONFLICT (organization_id, name) DO NOTHING
                """)
            .bind("id", snapshot.id())
            .bind("organization", snapshot.organizationId())
            .bind("region", snapshot.regionId())
            .bind("class", snapshot.sandboxClass())
            .bind("name", snapshot.name())
            .bind("general", snapshot.general())
            .bind("image", snapshot.image())
            .bind("imported", snapshot.imported())
            .bind("user", snapshot.osUser())
            .bind("cpu", snapshot.cpu())
            .bind("gpu", snapshot.gpu())
            .bind("memory", snapshot.memoryGib())
            .bind("disk", snapshot.diskGib())
            .bind("state", snapshot.state().wire())
            .bind("now", Columns.time(snapshot.createdAt()))
            .execute());
  }

  /** Removes a row. */
  void remove(String id) {
    database.run(handle ->
        handle
            .createUpdate("DELETE FROM snapshot WHERE id = CAST(:id AS uuid)")
            .bind("id", id)
            .execute());
    found.clear();
    SnapshotStep.REMOVED.passed(failpoints);
  }

  /**
   * Moves the general snapshots of an image.
   *
   * @param layers their layers; empty while they have none
   * @param sizeBytes size of the image; 0 while unknown
   * @param error what went wrong; empty for nothing
   */
  void move(String image, SnapshotState state, List<String> layers, long sizeBytes, String error) {
    Instant now = Times.now(clock);
    database.run(handle ->
        handle
            .createUpdate(
                """
                UPDATE snapshot SET state = :state, layers = :layers,
                  size_bytes = nullif(:size, 0), error_reason = nullif(:error, ''),
                  updated_at = :now
                WHERE general AND image = :image
                """)
            .bind("state", state.wire())
            .bind("layers", Columns.array(layers))
            .bind("size", sizeBytes)
            .bind("error", error)
            .bind("now", Columns.time(now))
            .bind("image", image)
            .execute());
    found.clear();
    SnapshotStep.moved(state, failpoints);
  }
}
