package io.daytona.control.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.daytona.control.organization.FirstRun;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Migrations;
import io.daytona.control.persistence.TestPostgres;
import io.daytona.control.persistence.Times;
import io.daytona.control.region.Regions;
import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every trigger from every state, on a real PostgreSQL. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class SandboxStoreTest {
  private final Clock clock = Clock.systemUTC();
  private final List<String> passed = new ArrayList<>();
  private HikariDataSource dataSource;
  private Database database;
  private SandboxStore store;
  private String organization;

  @BeforeAll
  void migrate() {
    HikariConfig pool = new HikariConfig();
    pool.setJdbcUrl(TestPostgres.shared().freshDatabase());
    pool.setMaximumPoolSize(3);
    dataSource = new HikariDataSource(pool);
    Migrations.apply(dataSource);
    database = new Database(dataSource, Duration.ofSeconds(5));
    new Regions(database, clock, "us").prepare();
    organization =
        new FirstRun(database, clock, new SecureRandom())
            .prepare(Optional.empty(), "us")
            .organizationId();
    store = new SandboxStore(database, new SandboxIndex(), passed::add, clock);
  }

  @AfterAll
  void close() {
    database.close();
    dataSource.close();
  }

  @BeforeEach
  void forget() {
    passed.clear();
  }

  private Sandbox fresh() {
    return SandboxRows.of(organization, SandboxState.CREATING, Times.now(clock));
  }

  private String in(SandboxState state) {
    String id = store.insert(fresh()).id();
    database.run(handle ->
        handle.execute(
            "UPDATE sandbox SET state = ? WHERE id = CAST(? AS uuid)", state.wire(), id));
    passed.clear();
    return id;
  }

  private long rows(String table, String column, String id) {
    return database.run(handle ->
        handle
            .createQuery("SELECT count(*) FROM " + table + " WHERE " + column + "::text = :id")
            .bind("id", id)
            .mapTo(Long.class)
            .one());
  }

  static Stream<Arguments> everything() {
    return Stream.of(SandboxTrigger.values())
        .filter(trigger -> trigger != SandboxTrigger.CREATE)
        .flatMap(
            trigger -> Stream.of(SandboxState.values()).map(state -> Arguments.of(trigger, state)));
  }

  @ParameterizedTest
  @MethodSource("everything")
  void movesOnlyWhereTheTableAllowsItAndRecordsExactlyThat(
      SandboxTrigger trigger, SandboxState from) {
    String id = in(from);
    Optional<Sandbox> moved = store.move(id, trigger, Change.because("why"));
    boolean allowed =
        SandboxTransitions.ALL.stream()
            .anyMatch(row -> row.from() == from && row.trigger() == trigger);
    assertEquals(allowed, moved.isPresent());
    SandboxState now = allowed ? SandboxTransitions.to(trigger) : from;
    assertEquals(now, store.find(id).orElseThrow().state());
    // One row of each was written when it was made.
    assertEquals(allowed ? 2 : 1, rows("sandbox_journal", "sandbox_id", id));
    assertEquals(allowed ? 2 : 1, rows("outbox", "subject", id));
    assertEquals(
        allowed ? List.of("sandbox." + from.wire() + "-" + now.wire()) : List.of(), passed);
    DesiredState desired = trigger.desired();
    if (moved.isPresent()) {
      assertEquals(desired == null ? DesiredState.STARTED : desired, moved.get().desiredState());
      assertEquals(trigger.freesName(), moved.get().name().startsWith("DESTROYED_box "));
    }
  }

  @Test
  void movesFromOneStateOnlyWhenAsked() {
    String started = in(SandboxState.STARTED);
    assertTrue(
        store
            .moveFrom(SandboxState.CREATING, started, SandboxTrigger.DELETE, Change.NONE)
            .isEmpty());
    assertEquals(SandboxState.STARTED, store.find(started).orElseThrow().state());
    String creating = in(SandboxState.CREATING);
    assertTrue(
        store
            .moveFrom(SandboxState.CREATING, creating, SandboxTrigger.DELETE, Change.NONE)
            .isPresent());
    assertThrows(
        IllegalArgumentException.class,
        () -> store.moveFrom(SandboxState.ERROR, started, SandboxTrigger.STOP, Change.NONE));
  }

  @Test
  void makesARowOnceHoweverOftenItIsAsked() {
    Sandbox wish = fresh();
    store.insert(wish);
    assertEquals(wish.id(), store.insert(wish).id());
    assertEquals(1, rows("sandbox_journal", "sandbox_id", wish.id()));
    assertEquals("sandbox.new-creating", passed.getFirst());
  }

  @Test
  void journalsReasonAndTriggerAndTellsTheOutbox() {
    String id = in(SandboxState.STARTED);
    store.move(id, SandboxTrigger.STOP, Change.because("asked by a client"));
    String journal =
        database.run(handle ->
            handle
                .createQuery(
                    "SELECT concat_ws('|', from_state, to_state, trigger, reason, region_id,"
                        + " sandbox_class) FROM sandbox_journal"
                        + " WHERE sandbox_id = CAST(:id AS uuid) ORDER BY id DESC LIMIT 1")
                .bind("id", id)
                .mapTo(String.class)
                .one());
    assertEquals("started|stopping|stop|asked by a client|us|container", journal);
    String event =
        database.run(handle ->
            handle
                .createQuery(
                    "SELECT event || payload::text FROM outbox WHERE subject = :id"
                        + " ORDER BY id DESC LIMIT 1")
                .bind("id", id)
                .mapTo(String.class)
                .one());
    assertTrue(event.startsWith("sandbox.state.updated"), event);
    assertTrue(event.contains("\"newState\": \"stopping\""), event);
    assertTrue(event.contains("\"oldState\": \"started\""), event);
  }

  @Test
  void keepsSecretsOutOfFailuresOfStatements() {
    RuntimeException failure =
        assertThrows(
            RuntimeException.class,
            () ->
                database.run(handle ->
                    handle
                        .createUpdate(
                            "INSERT INTO account (id, name, system_role, created_at)"
                                + " VALUES ('x', :secret, 'boss', now())")
                        .bind("secret", "hunter2")
                        .execute()));
    StringWriter log = new StringWriter();
    failure.printStackTrace(new PrintWriter(log, true));
    assertTrue(log.toString().contains("23514"), log.toString());
    assertFalse(log.toString().contains("hunter2"), log.toString());
  }

  @Test
  void neverShowsSecretsInItsTexts() {
    Sandbox row = fresh();
    assertTrue(!row.toString().contains("value") && !row.toString().contains("token"));
    assertTrue(!SandboxDto.of(row, "http://x").toString().contains("value"));
  }
}
