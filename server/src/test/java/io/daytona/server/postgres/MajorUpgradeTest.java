package io.daytona.server.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.daytona.control.persistence.Migrations;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.jar.JarFile;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** From PostgreSQL 17, whose programs the build fetches for this test, to the present one. */
@Tag("slow")
class MajorUpgradeTest {
  private static final int EARLIER = 17;
  private static final String ROWS =
      "select count(*) || ':' || sum(length(reason)) from sandbox_journal";

  private PostgresFiles files;
  private Path earlier;

  @BeforeEach
  void makeFiles() throws Exception {
    files = new PostgresFiles();
    earlier = earlierPrograms();
  }

  @AfterEach
  void removeFiles() {
    files.close();
  }

  private static Path earlierPrograms() throws IOException {
    Path parent = PostgresFiles.programs().resolveSibling("postgres-earlier");
    try (JarFile jar = new JarFile("target/earlier-postgres.jar")) {
      return PostgresBinaries.installed(parent, EARLIER + ".6.0", () -> open(jar));
    }
  }

  private static InputStream open(JarFile jar) throws IOException {
    return jar.getInputStream(jar.getJarEntry(PostgresBinaries.ARCHIVE.substring(1)));
  }

  private PostgresCluster cluster(Path programs, int major) {
    return new PostgresCluster(
        programs,
        files.root(),
        files.root().resolve(PostgresCluster.DIRECTORY + major),
        PostgresFiles.prefix());
  }

  /** A platform's database of the earlier version, with rows in it. */
  private void makeEarlier() throws SQLException {
    try (EmbeddedPostgres postgres = startEarlier();
        HikariDataSource pool = Databases.pool(postgres, 2)) {
      Migrations.apply(pool);
      execute(
          pool,
          "insert into account (id, name, system_role, created_at) values ('a', E'tab\\t\\\\ line\\n é', 'user', now())");
      execute(
          pool,
          """
          insert into sandbox_journal (sandbox_id, organization_id, region_id, sandbox_class, to_state, trigger, reason, at)
          select gen_random_uuid(), gen_random_uuid(), 'us', 'c', 'started', 'run', repeat('x', n % 900), now()
            from generate_series(1, 20000) n\
          """);
    }
  }

  private EmbeddedPostgres startEarlier() {
    return EmbeddedPostgres.start(
        cluster(earlier, EARLIER),
        files.log(),
        PostgresSettings.ofAnyRelease(files.root().toString()));
  }

  private void upgrade(List<Path> parents) throws IOException {
    new MajorUpgrade(
            PostgresFiles.programs(), files.root(), parents, files.log(), PostgresFiles.prefix())
        .run();
  }

  private static void execute(DataSource pool, String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(DataSource pool, String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertTrue(row.next());
      return row.getString(1);
    }
  }

  /** What the present version finds after the upgrade. */
  private void assertTakenOver() throws Exception {
    assertFalse(Files.exists(files.root().resolve("data-" + EARLIER)), "the old files are left");
    assertFalse(Files.exists(files.root().resolve("upgrade.rows")), "the copy is left");
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 2)) {
      assertTrue(query(pool, "show server_version").startsWith(PostgresBinaries.major() + "."));
      Migrations.apply(pool);
      assertEquals("tab\t\\ line\n é", query(pool, "select name from account"));
      assertEquals("20000:8920200", query(pool, ROWS));
      execute(
          pool,
          "insert into sandbox_journal (sandbox_id, organization_id, region_id, sandbox_class, to_state, trigger, at)"
              + " values (gen_random_uuid(), gen_random_uuid(), 'us', 'c', 'started', 'run', now())");
      assertEquals("20001", query(pool, "select max(id) from sandbox_journal"));
    }
  }

  @Test
  void whatWasCutOffBeginsAnew() throws Exception {
    makeEarlier();
    // As a kill between the steps leaves them: the earlier server, a half-filled cluster, a copy.
    cluster(earlier, EARLIER)
        .start(files.log(), PostgresSettings.ofAnyRelease(files.root().toString()));
    PostgresCluster half =
        new PostgresCluster(
            PostgresFiles.programs(),
            files.root(),
            files.root().resolve("data-" + PostgresBinaries.major() + ".upgrade"),
            PostgresFiles.prefix());
    half.create();
    Files.writeString(files.root().resolve("upgrade.rows"), "half");
    upgrade(List.of(earlier.getParent()));
    // As a kill at the very end leaves it.
    cluster(earlier, EARLIER).create();
    upgrade(List.of(earlier.getParent()));
    assertTakenOver();
  }

  @Test
  void withoutItsProgramsNothingIsChanged() throws Exception {
    makeEarlier();
    PostgresException refused =
        assertThrows(PostgresException.class, () -> upgrade(List.of(files.root())));
    assertTrue(String.valueOf(refused.getMessage()).contains("restore it with this one"));
    assertTrue(cluster(earlier, EARLIER).exists());
    upgrade(List.of(earlier.getParent()));
    assertTakenOver();
  }

  @Test
  void aNewerVersionIsRefused() throws Exception {
    cluster(earlier, EARLIER).create();
    Path newer = files.root().resolve("data-99");
    Files.move(files.root().resolve("data-" + EARLIER), newer, StandardCopyOption.ATOMIC_MOVE);
    PostgresException refused =
        assertThrows(PostgresException.class, () -> upgrade(List.of(earlier.getParent())));
    assertTrue(String.valueOf(refused.getMessage()).contains("newer"));
    assertTrue(Files.exists(newer));
    Files.move(newer, files.root().resolve("data-" + EARLIER), StandardCopyOption.ATOMIC_MOVE);
    // It has never held a table: it is simply replaced.
    upgrade(List.of(earlier.getParent()));
    assertFalse(Files.exists(files.root().resolve("data-" + EARLIER)));
  }
}
