package io.daytona.server.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class EmbeddedPostgresTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private PostgresFiles files;

  @BeforeEach
  void makeFiles() throws Exception {
    files = new PostgresFiles();
  }

  @AfterEach
  void removeFiles() throws Exception {
    files.close();
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

  /** Asks until it is answered: the pool itself waits for connections. */
  private static String answer(DataSource pool, String sql) throws SQLException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return query(pool, sql);
      } catch (SQLException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  /** It answers a moment before its pid is known here. */
  private static long restartedPid(EmbeddedPostgres postgres, DataSource pool) throws SQLException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (postgres.pid() == 0) {
      answer(pool, "select 1");
      assertTrue(System.nanoTime() < deadline, "no pid");
    }
    return postgres.pid();
  }

  private static void kill9(long pid) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    assertTrue(process.destroyForcibly());
    process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Test
  void servesOverItsSocketOnlyAndKeepsItsData() throws Exception {
    long pid;
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 4)) {
      pid = postgres.pid();
      execute(pool, "create table t as select 'kept' as v");
      assertEquals("", query(pool, "show listen_addresses"));
      assertEquals("on", query(pool, "show fsync"));
      assertEquals("daytona", query(pool, "select current_user"));
      assertEquals("UTF8", query(pool, "show server_encoding"));
      String owner = "select pg_read_file('/proc/self/status') ~ 'CapEff:\\s+0{16}\\n'";
      assertEquals("t", query(pool, owner));
    }
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 4)) {
      assertNotEquals(pid, postgres.pid());
      assertEquals("kept", query(pool, "select v from t"));
    }
  }

  @Test
  void isStartedAgainWhenItDies() throws Exception {
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 4)) {
      execute(pool, "create table t as select 'committed' as v");
      long first = postgres.pid();
      kill9(first);
      assertEquals("committed", answer(pool, "select v from t"));
      long second = restartedPid(postgres, pool);
      assertNotEquals(first, second);
      kill9(second);
      assertEquals("committed", answer(pool, "select v from t"));
    }
  }

  @Test
  void isAdoptedWhenItOutlivedItsProcess() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(PostgresOwner.class.getName());
    command.addAll(
        List.of(
            PostgresFiles.programs().toString(), files.root().toString(), files.log().toString()));
    command.addAll(PostgresFiles.prefix());
    Process owner =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    long pid = announcedPid(owner);
    owner.destroyForcibly().waitFor();
    assertTrue(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));

    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 4)) {
      assertEquals(pid, postgres.pid());
      execute(pool, "create table t as select 1 as v");
      kill9(pid);
      assertEquals("1", answer(pool, "select v from t"), "an adopted one is watched too");
    }
  }

  private static long announcedPid(Process owner) throws Exception {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(owner.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("pid=")) {
          return Long.parseLong(line.substring(4));
        }
      }
    }
    throw new AssertionError("the owner ended with status " + owner.waitFor());
  }

  @Test
  void aPidFileOfAnotherProgramIsNoServer() throws Exception {
    files.start().close();
    List<String> command = new ArrayList<>(PostgresFiles.prefix());
    command.addAll(List.of("sleep", "600"));
    Process stranger = new ProcessBuilder(command).start();
    try {
      Path pidFile = files.root().resolve("data-18").resolve("postmaster.pid");
      Files.writeString(pidFile, stranger.pid() + "\n/elsewhere\n");
      try (EmbeddedPostgres postgres = files.start()) {
        assertNotEquals(stranger.pid(), postgres.pid());
        assertTrue(stranger.isAlive());
      }
    } finally {
      stranger.destroyForcibly().waitFor();
    }
  }

  @Test
  void aHalfMadeClusterIsMadeAgain() throws Exception {
    files.start().close();
    Files.delete(files.root().resolve("data-18").resolve("made"));
    Files.delete(files.root().resolve("data-18").resolve("postgresql.conf"));
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 2)) {
      assertEquals("1", query(pool, "select 1"));
    }
  }

  @Test
  void readsAreLimitedInTime() throws Exception {
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 2);
        Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setNetworkTimeout(Runnable::run, 300);
      SQLException late =
          assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(30)"));
      assertTrue(String.valueOf(late.getMessage()).contains("I/O"), late.getMessage());
    }
  }

  @Test
  void largeRowsGoBothWays() throws Exception {
    try (EmbeddedPostgres postgres = files.start();
        HikariDataSource pool = Databases.pool(postgres, 2);
        Connection connection = pool.getConnection();
        var statement = connection.prepareStatement("select ?::text")) {
      String large = "ü".repeat(3_000_000);
      statement.setString(1, large);
      try (ResultSet row = statement.executeQuery()) {
        assertTrue(row.next());
        assertEquals(large, row.getString(1));
      }
    }
  }

  @Test
  void aPathTooLongForASocketIsRefused() {
    Path deep = files.root().resolve("x".repeat(100));
    String message =
        assertThrows(
                PostgresException.class,
                () ->
                    EmbeddedPostgres.start(
                        PostgresFiles.programs(), deep, files.log(), PostgresFiles.prefix()))
            .getMessage();
    assertTrue(String.valueOf(message).contains("use a shorter data directory"), message);
  }
}
