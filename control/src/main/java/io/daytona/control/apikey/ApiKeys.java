package io.daytona.control.apikey;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds API keys by their secret.
 *
 * <p>A key that was found counts for ten seconds without asking again, as in the reference
 * (control-plane protocol §1.4); changes made by this process count at once.
 */
public final class ApiKeys {
  private static final Duration KEPT = Duration.ofSeconds(10);
  private static final int MOST_KEPT = 10_000;

  private final Database database;
  private final Clock clock;
  private final ConcurrentHashMap<String, Found> found = new ConcurrentHashMap<>();

  /** A key with what its organization differs in. */
  private record Used(ApiKey key, OrganizationLimits limits) {
    Principal principal() {
      return key.principal(limits);
    }
  }

  private record Found(Used used, Instant read) {}

  /** Finds keys in this database. */
  public ApiKeys(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Whom a presented secret speaks for; empty for unknown and expired ones. */
  public Optional<Principal> principal(String presented) {
    return find(presented).map(Used::principal);
  }

  private Optional<Used> find(String presented) {
    String hash = ApiKeyValue.hash(presented);
    Instant now = Times.now(clock);
    Found known = found.get(hash);
    if (known != null && Times.isFresh(known.read(), now, KEPT)) {
      return Optional.of(known.used()).filter(used -> !used.key().expired(now));
    }
    Optional<Used> used = use(hash, now);
    if (found.size() >= MOST_KEPT) {
      found.clear();
    }
    // Unknown secrets are not remembered: whoever guesses must not be able to fill the memory.
    used.ifPresentOrElse(row -> found.put(hash, new Found(row, now)), () -> found.remove(hash));
    return used.filter(row -> !row.key().expired(now));
  }

  /** Forgets everything remembered; called after any change of keys. */
  public void changed() {
    found.clear();
  }

  /** A key of one account, for display. */
  Optional<ApiKey> named(Principal principal) {
    return database.run(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM api_key
                WHERE organization_id = CAST(:organization AS uuid) AND account_id = :account
                  AND name = :name
                """)
            .bind("organization", principal.organizationId())
            .bind("account", principal.accountId())
            .bind("name", principal.keyName())
            .map((row, context) -> ApiKey.read(row))
            .findOne());
  }

  private Optional<Used> use(String hash, Instant now) {
    // Reads the key and notes its use in one round trip; losing the note in a crash is harmless, so
    // the commit does not wait for the disk.
    return database.run(handle ->
        handle
            .createQuery(
                """
                WITH setting AS MATERIALIZED (
                  SELECT set_config('synchronous_commit', 'off', true) AS mode
                )
                UPDATE api_key SET last_used_at = :now FROM setting, organization
                WHERE hash = :hash AND organization.id = organization_id
                RETURNING api_key.*,
                """
                    + OrganizationLimits.COLUMNS)
            .bind("hash", hash)
            .bind("now", Columns.time(now))
            .map((row, context) -> new Used(ApiKey.read(row), OrganizationLimits.read(row)))
            .findOne());
  }
}
