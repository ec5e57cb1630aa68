package io.daytona.control.signing;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The signing keys of all sandboxes: rows in PostgreSQL, and in memory what was used of late, so
 * that a signed request costs no SQL.
 */
public final class SigningKeys {
  private static final int KEY_BYTES = 32;
  private static final int CACHED = 10_000;

  private final Database database;
  private final Clock clock;
  private final SecureRandom random;
  private final Map<String, SigningKey> cache = new LinkedHashMap<>(64, 0.75f, true);

  /**
   * @param database where the rows are
   * @param clock tells the time
   * @param random source of keys
   */
  public SigningKeys(Database database, Clock clock, SecureRandom random) {
    this.database = database;
    this.clock = clock;
    this.random = random;
  }

  /** The key of a sandbox, made now when it has none. */
  String require(String sandboxId, String organizationId) {
    String fresh = fresh();
    return cached(
            sandboxId,
            database.run(handle -> {
              Optional<SigningKey> known = select(handle, sandboxId);
              return known.orElseGet(
                  () -> upsert(handle, sandboxId, organizationId, fresh, "DO NOTHING"));
            }))
        .value();
  }

  /** Replaces the key of a sandbox; what was signed with the one before is worth nothing. */
  String rotate(String sandboxId, String organizationId) {
    String fresh = fresh();
    SigningKey rotated =
        database.run(handle ->
            upsert(
                handle,
                sandboxId,
                organizationId,
                fresh,
                "DO UPDATE SET signing_key = excluded.signing_key,"
                    + " version = sandbox_signing_key.version + 1,"
                    + " updated_at = excluded.updated_at"));
    return cached(sandboxId, rotated).value();
  }

  /** The key of a sandbox; {@link SigningKey#NONE} when nobody has asked for it yet. */
  SigningKey find(String sandboxId) {
    synchronized (cache) {
      SigningKey known = cache.get(sandboxId);
      if (known != null) {
        return known;
      }
    }
    return cached(
        sandboxId, database.run(handle -> select(handle, sandboxId).orElse(SigningKey.NONE)));
  }

  private String fresh() {
    byte[] bytes = new byte[KEY_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Keeps the newest of what was read side by side, and answers it. */
  private SigningKey cached(String sandboxId, SigningKey read) {
    synchronized (cache) {
      SigningKey newest = cache.merge(sandboxId, read, (a, b) -> a.version() > b.version() ? a : b);
      if (cache.size() > CACHED) {
        cache.remove(cache.keySet().iterator().next());
      }
      return newest;
    }
  }

  private static Optional<SigningKey> select(Handle handle, String sandboxId) {
    return handle
        .createQuery(
            "SELECT signing_key, version FROM sandbox_signing_key"
                + " WHERE sandbox_id = CAST(:id AS uuid)")
        .bind("id", sandboxId)
        .map((row, context) -> new SigningKey(row.getString(1), row.getLong(2)))
        .findOne();
  }

  private SigningKey upsert(
      Handle handle, String sandboxId, String organizationId, String key, String onConflict) {
    handle
        .createUpdate(
            "INSERT INTO sandbox_signing_key"
                + " (sandbox_id, organization_id, signing_key, version, updated_at)"
                + " VALUES (CAST(:id AS uuid), CAST(:organization AS uuid), :key, 1, :now)"
                + " ON CONFLICT (sandbox_id) "
                + onConflict)
        .bind("id", sandboxId)
        .bind("organization", organizationId)
        .bind("key", key)
        .bind("now", Columns.time(Times.now(clock)))
        .execute();
    return select(handle, sandboxId).orElseThrow();
  }
}
