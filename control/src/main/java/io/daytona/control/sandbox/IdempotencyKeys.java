package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/** The rows that say which sandbox a repeated create stands for. */
final class IdempotencyKeys {
  /** How long a key stands for its sandbox. */
  static final Duration KEPT = Duration.ofHours(24);

  // Not durable by itself: the sandbox's durable commit comes later and takes this one along.
  private static final String CLAIM =
      """
      WITH setting AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true) AS mode
      )
      INSERT INTO idempotency_key (organization_id, key, body_hash, sandbox_id, created_at)
      SELECT CAST(:organization AS uuid), :key, :hash, CAST(:sandbox AS uuid), :now FROM setting
      ON CONFLICT (organization_id, key) DO UPDATE
      SET body_hash = EXCLUDED.body_hash, sandbox_id = EXCLUDED.sandbox_id,
          created_at = EXCLUDED.created_at
      WHERE idempotency_key.created_at <= :expired
      """;
  private static final String FIND =
      """
      SELECT body_hash, sandbox_id FROM idempotency_key
      WHERE organization_id = CAST(:organization AS uuid) AND key = :key AND created_at > :expired
      """;
  private static final String RENEW =
      """
      UPDATE idempotency_key SET sandbox_id = CAST(:sandbox AS uuid)
      WHERE organization_id = CAST(:organization AS uuid) AND key = :key
        AND sandbox_id = CAST(:old AS uuid)
        AND EXISTS (
          SELECT 1 FROM sandbox_journal
          WHERE sandbox_id = CAST(:old AS uuid) AND trigger = :refused)
      """;

  private final Database database;
  private final Clock clock;

  IdempotencyKeys(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * A key and what was sent with it.
   *
   * @param organizationId whose key it is
   * @param key as the client sent it
   * @param bodyHash hash of the body
   */
  record Request(String organizationId, String key, String bodyHash) {}

  private record Row(String bodyHash, String sandboxId) {}

  /**
   * The sandbox that a key stands for; empty when it stands for none.
   *
   * @throws DaytonaException 422 when it stands for another body
   */
  Optional<String> find(Request request) {
    return database.run(handle -> one(handle, request)).map(row -> matching(row, request));
  }

  /**
   * Lets a key stand for a new sandbox.
   *
   * @return id of the sandbox it stands for: another one when somebody was faster
   * @throws DaytonaException 422 when it stands for another body
   */
  String claim(Request request, String sandboxId) {
    Instant now = Times.now(clock);
    Row row =
        database.run(handle -> {
          bound(handle.createUpdate(CLAIM), request)
              .bind("hash", request.bodyHash())
              .bind("sandbox", sandboxId)
              .bind("now", Columns.time(now))
              .bind("expired", Columns.time(now.minus(KEPT)))
              .execute();
          return one(handle, request).orElseGet(() -> new Row(request.bodyHash(), sandboxId));
        });
    return matching(row, request);
  }

  /**
   * Lets a key stand for another sandbox, because the host had refused the one so far and nothing
   * is left of it.
   *
   * @return id of the sandbox it stands for from now on; empty when the one so far was not refused
   */
  Optional<String> renew(Request request, String refused) {
    String fresh = UUID.randomUUID().toString();
    int renewed =
        database.run(handle ->
            bound(handle.createUpdate(RENEW), request)
                .bind("old", refused)
                .bind("sandbox", fresh)
                .bind("refused", SandboxTrigger.REFUSE_CREATE.wire())
                .execute());
    return renewed > 0
        ? Optional.of(fresh)
        : find(request).filter(current -> !current.equals(refused));
  }

  /** The wall clock was set: a key stands for its sandbox as long as without that. */
  static int jumped(Handle handle, ClockJump jump) {
    return jump.shift(
        handle, "UPDATE idempotency_key SET created_at = %1$s WHERE %2$s", "created_at");
  }

  /** Removes keys that stand for nothing any more. */
  void purge(Instant now) {
    Instant expired = now.minus(KEPT);
    database.run(handle ->
        handle
            .createUpdate("DELETE FROM idempotency_key WHERE created_at <= :expired")
            .bind("expired", Columns.time(expired))
            .execute());
  }

  private Optional<Row> one(Handle handle, Request request) {
    return bound(handle.createQuery(FIND), request)
        .bind("expired", Columns.time(Times.now(clock).minus(KEPT)))
        .map((row, context) -> new Row(row.getString("body_hash"), row.getString("sandbox_id")))
        .findOne();
  }

  private static <S extends SqlStatement<S>> S bound(S statement, Request request) {
    return statement.bind("organization", request.organizationId()).bind("key", request.key());
  }

  private static String matching(Row row, Request request) {
    if (!row.bodyHash().equals(request.bodyHash())) {
      throw DaytonaException.of(
          ErrorKind.UNPROCESSABLE,
          "This Idempotency-Key was used with another body. Send the same body again, or another"
              + " key for another sandbox");
    }
    return row.sandboxId();
  }
}
