package io.daytona.control.organization;

import io.daytona.control.apikey.ApiKeyValue;
import io.daytona.control.apikey.Permissions;
import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Makes the administrator's account, organization and API key, so that a new installation can be
 * used without a browser (control-plane protocol §1.8).
 */
public final class FirstRun {
  /** Id of the administrator's account, and name of its key. */
  public static final String ADMINISTRATOR = "daytona-admin";

  private final Database database;
  private final Clock clock;
  private final SecureRandom random;

  /**
   * @param database where the rows are
   * @param clock tells the time
   * @param random source of a generated key
   */
  public FirstRun(Database database, Clock clock, SecureRandom random) {
    this.database = database;
    this.clock = clock;
    this.random = random;
  }

  /**
   * What the first run made or found.
   *
   * @param organizationId the administrator's organization
   * @param generated the key's secret, when it was generated just now
   */
  public record Administrator(String organizationId, Optional<ApiKeyValue> generated) {}

  /**
   * Makes what is missing, in one transaction.
   *
   * @param configured secret of the administrator's key; replaces the one that holds so far
   * @param region default region of the organization
   */
  public Administrator prepare(Optional<ApiKeyValue> configured, String region) {
    return database.run(
        handle -> handle.inTransaction(transaction -> prepare(transaction, configured, region)));
  }

  private Administrator prepare(Handle handle, Optional<ApiKeyValue> configured, String region) {
    // Two servers that start at once on one database must not both be the first.
    handle.execute("SELECT pg_advisory_xact_lock(hashtext('daytona first run'))");
    Instant now = Times.now(clock);
    String organization =
        handle
            .createQuery("SELECT id FROM organization WHERE created_by = :id AND personal")
            .bind("id", ADMINISTRATOR)
            .mapTo(String.class)
            .findOne()
            .orElseGet(() -> make(handle, region, now));
    boolean keyExists =
        handle
            .createQuery("SELECT 1 FROM api_key WHERE account_id = :id AND name = :id")
            .bind("id", ADMINISTRATOR)
            .mapTo(Integer.class)
            .findOne()
            .isPresent();
    if (configured.isPresent()) {
      store(handle, organization, configured.get(), now);
      return new Administrator(organization, Optional.empty());
    }
    if (keyExists) {
      return new Administrator(organization, Optional.empty());
    }
    ApiKeyValue generated = ApiKeyValue.generate(random);
    store(handle, organization, generated, now);
    return new Administrator(organization, Optional.of(generated));
  }

  private static String make(Handle handle, String region, Instant now) {
    String organization = UUID.randomUUID().toString();
    handle
        .createUpdate(
            """
            WITH person AS (
              INSERT INTO account (id, name, system_role, created_at)
              VALUES (:id, 'Daytona Admin', 'admin', :now)
            ), made AS (
              INSERT INTO organization
                (id, name, created_by, personal, default_region_id, created_at, updated_at)
              VALUES (CAST(:organization AS uuid), 'Personal', :id, true, :region, :now, :now)
            )
            INSERT INTO membership (organization_id, account_id, role)
            VALUES (CAST(:organization AS uuid), :id, 'owner')
            """)
        .bind("id", ADMINISTRATOR)
        .bind("organization", organization)
        .bind("region", region)
        .bind("now", Columns.time(now))
        .execute();
    return organization;
  }

  private static void store(Handle handle, String organization, ApiKeyValue value, Instant now) {
    handle
        .createUpdate(
            """
            INSERT INTO api_key
              (organization_id, account_id, name, hash, prefix, suffix, permissions, created_at)
            VALUES
              (CAST(:organization AS uuid), :id, :id, :hash, :prefix, :suffix, :permissions, :now)
            ON CONFLICT (organization_id, account_id, name) DO UPDATE
            SET hash = EXCLUDED.hash, prefix = EXCLUDED.prefix, suffix = EXCLUDED.suffix,
                permissions = EXCLUDED.permissions
            WHERE api_key.hash <> EXCLUDED.hash OR api_key.permissions <> EXCLUDED.permissions
            """)
        .bind("organization", organization)
        .bind("id", ADMINISTRATOR)
        .bind("hash", value.hash())
        .bind("prefix", value.prefix())
        .bind("suffix", value.suffix())
        .bind("permissions", Columns.array(Permissions.ALL))
        .bind("now", Columns.time(now))
        .execute();
  }
}
