package io.daytona.control.region;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import io.daytona.wire.error.DaytonaException;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The regions an organization can use. */
public final class Regions {
  private final Database database;
  private final Clock clock;
  private final String defaultRegion;
  private final ConcurrentHashMap<Key, Region> found = new ConcurrentHashMap<>();

  private record Key(String organizationId, String nameOrId) {}

  /**
   * @param database where the rows are
   * @param clock tells the time
   * @param defaultRegion id of the region that is used when a client names none
   */
  public Regions(Database database, Clock clock, String defaultRegion) {
    this.database = database;
    this.clock = clock;
    this.defaultRegion = defaultRegion;
  }

  /** Makes the default region if it is missing. */
  public void prepare() {
    database.run(handle ->
        handle
            .createUpdate(
                """
                INSERT INTO region (id, name, created_at) VALUES (:id, :id, :now)
                ON CONFLICT (id) DO NOTHING
                """)
            .bind("id", defaultRegion)
            .bind("now", Columns.time(Times.now(clock)))
            .execute());
  }

  /** Id of the default region. */
  public String defaultRegion() {
    return defaultRegion;
  }

  /**
   * The region a client means: a name among the organization's regions, then among the shared ones,
   * then an id (control-plane protocol §2.2).
   *
   * @throws DaytonaException 404 {@code Region not found}
   */
  public Region resolve(String organizationId, Optional<String> target) {
    String wanted = target.filter(text -> !text.isEmpty()).orElse(defaultRegion);
    Key key = new Key(organizationId, wanted);
    Region known = found.get(key);
    if (known != null) {
      return known;
    }
    Region region = find(key).orElseThrow(() -> DaytonaException.notFound("Region not found"));
    // Regions are never removed, and only found ones are kept: the map stays as small as the table.
    found.put(key, region);
    return region;
  }

  private Optional<Region> find(Key key) {
    return database.run(handle ->
        handle
            .createQuery(
                """
                SELECT id, name FROM region
                WHERE (organization_id = CAST(:organization AS uuid) OR organization_id IS NULL)
                  AND (name = :wanted OR id = :wanted)
                ORDER BY name = :wanted DESC, organization_id IS NULL LIMIT 1
                """)
            .bind("organization", key.organizationId())
            .bind("wanted", key.nameOrId())
            .map((row, context) -> new Region(row.getString("id"), row.getString("name")))
            .findOne());
  }
}
