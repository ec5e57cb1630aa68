package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.SqlFailures;
import io.daytona.control.persistence.Times;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.failpoint.Failpoints;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * The rows of sandboxes and their transitions.
 *
 * <p>A transition is one statement: it changes the row, journals the change and leaves an event in
 * the outbox, or does none of it. Every row that comes back goes to the {@link SandboxIndex} too.
 */
final class SandboxStore {
  private final Database database;
  private final SandboxIndex index;
  private final Failpoints failpoints;
  private final Clock clock;

  SandboxStore(Database database, SandboxIndex index, Failpoints failpoints, Clock clock) {
    this.database = database;
    this.index = index;
    this.failpoints = failpoints;
    this.clock = clock;
  }

  /**
   * Makes a new row.
   *
   * @throws DaytonaException 409 when the name is taken; 503 when PostgreSQL does not answer: then
   *     the row may or may not have been made
   */
  Sandbox insert(Sandbox sandbox) {
    Sandbox made =
        database.run(handle -> {
          try {
            return SandboxStatements.insert(handle, sandbox)
                // Nothing comes back when an attempt whose answer was lost has made it already.
                .or(() -> one(handle, sandbox.id()))
                .orElseThrow();
          } catch (UnableToExecuteStatementException e) {
            if (SqlFailures.violatedConstraint(e)
                .filter(SandboxStatements.NAME_TAKEN::equals)
                .isPresent()) {
              throw DaytonaException.conflict(
                  "Sandbox with name " + sandbox.name() + " already exists");
            }
            throw e;
          }
        });
    index.put(made);
    failpoints.pass(SandboxTransition.failpoint(null, SandboxState.CREATING));
    return made;
  }

  /**
   * Moves a sandbox, if the table allows it from the state it is in.
   *
   * @return the row after it; empty when it is in another state or does not exist
   * @throws DaytonaException 503 when PostgreSQL does not answer in time: it may have moved or not
   */
  Optional<Sandbox> move(String id, SandboxTrigger trigger, Change change) {
    return passed(database.run(attempts(id, SandboxTransitions.from(trigger), trigger, change)));
  }

  /**
   * Like {@link #move}, but only from one of the states the table allows: when the sandbox has left
   * it meanwhile, nothing happens.
   */
  Optional<Sandbox> moveFrom(SandboxState only, String id, SandboxTrigger trigger, Change change) {
    if (!SandboxTransitions.from(trigger).contains(only)) {
      throw new IllegalArgumentException(trigger + " is not allowed from " + only);
    }
    return passed(database.run(attempts(id, Set.of(only), trigger, change)));
  }

  /** Like {@link #move}, but waits for PostgreSQL as long as it takes. */
  Optional<Sandbox> settle(String id, SandboxTrigger trigger, Change change) {
    return passed(database.settle(attempts(id, SandboxTransitions.from(trigger), trigger, change)));
  }

  private Database.Work<Optional<Moved>> attempts(
      String id, Set<SandboxState> from, SandboxTrigger trigger, Change change) {
    Instant now = Times.now(clock);
    boolean[] repeated = {false};
    return handle -> {
      Optional<Moved> moved = SandboxStatements.move(handle, id, from, trigger, change, now);
      if (moved.isPresent() || !repeated[0]) {
        repeated[0] = true;
        return moved;
      }
      // An attempt whose answer was lost may have moved it; then it is where it should be.
      return one(handle, id)
          .filter(row -> row.state() == SandboxTransitions.to(trigger))
          .map(row -> new Moved(row, null));
    };
  }

  private Optional<Sandbox> passed(Optional<Moved> moved) {
    moved.ifPresent(done -> {
      index.put(done.sandbox());
      SandboxState from = done.from();
      if (from != null) {
        failpoints.pass(SandboxTransition.failpoint(from, done.sandbox().state()));
      }
    });
    return moved.map(Moved::sandbox);
  }

  /** A sandbox by id, whatever its state. */
  Optional<Sandbox> find(String id) {
    return database.run(handle -> one(handle, id));
  }

  private static Optional<Sandbox> one(Handle handle, String id) {
    return handle
        .createQuery("SELECT * FROM sandbox WHERE id = CAST(:id AS uuid)")
        .bind("id", id)
        .map((row, context) -> Sandbox.read(row))
        .findOne();
  }

  /** A sandbox of an organization by id. */
  Optional<Sandbox> findById(String organizationId, String id) {
    return find(id).filter(row -> row.organizationId().equals(organizationId));
  }

  /** A sandbox of an organization by name. */
  Optional<Sandbox> findByName(String organizationId, String name) {
    return database.run(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM sandbox
                WHERE organization_id = CAST(:organization AS uuid) AND name = :name
                """)
            .bind("organization", organizationId)
            .bind("name", name)
            .map((row, context) -> Sandbox.read(row))
            .findOne());
  }

  /** Every sandbox that is not destroyed. */
  List<Sandbox> alive() {
    return database.run(handle ->
        handle
            .createQuery("SELECT * FROM sandbox WHERE state <> 'destroyed'")
            .map((row, context) -> Sandbox.read(row))
            .list());
  }

  /** Whether a sandbox that is not destroyed has one of these layers. */
  boolean anyHas(List<String> layers) {
    return database.run(handle ->
        handle
            .createQuery(
                """
                SELECT EXISTS (
                  SELECT 1 FROM sandbox WHERE state <> 'destroyed' AND layers && :layers)
                """)
            .bind("layers", Columns.array(layers))
            .mapTo(Boolean.class)
            .one());
  }

  /** Sandboxes in these states that nothing has changed since. */
  List<Sandbox> inStates(Set<SandboxState> states, Instant unchangedSince) {
    String[] names = states.stream().map(SandboxState::wire).toArray(String[]::new);
    return database.run(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM sandbox WHERE state = ANY (:states) AND updated_at <= :since
                ORDER BY updated_at
                """)
            .bind("states", names)
            .bind("since", Columns.time(unchangedSince))
            .map((row, context) -> Sandbox.read(row))
            .list());
  }

  /**
   * Changes one setting.
   *
   * @return the row after it; empty when it is being or has been destroyed
   */
  Optional<Sandbox> set(String id, SandboxSetting setting) {
    Instant now = Times.now(clock);
    Optional<Sandbox> changed =
        database.run(handle -> SandboxStatements.set(handle, id, setting, now));
    changed.ifPresent(index::put);
    return changed;
  }

  /** Removes the rows of sandboxes that were destroyed before a time. */
  int purge(Instant before) {
    return database.run(handle ->
        handle
            .createUpdate("DELETE FROM sandbox WHERE state = 'destroyed' AND updated_at < :before")
            .bind("before", Columns.time(before))
            .execute());
  }
}
