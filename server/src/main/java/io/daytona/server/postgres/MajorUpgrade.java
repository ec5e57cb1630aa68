package io.daytona.server.postgres;

import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the database over from an earlier major version of PostgreSQL, whose files the present one
 * cannot read: the earlier programs serve the rows once more, and a new cluster gets them. It has
 * its name only when it is whole, and until then nothing of the old one is changed, so whatever is
 * cut off begins anew.
 */
public final class MajorUpgrade {
  private static final Logger LOG = LoggerFactory.getLogger(MajorUpgrade.class);
  private static final Pattern CLUSTER = Pattern.compile(PostgresCluster.DIRECTORY + "(\\d{1,3})");

  private final Path programs;
  private final Path root;
  private final List<Path> parents;
  private final Path log;
  private final List<String> commandPrefix;

  /**
   * @param programs of the present version
   * @param root directory of everything the database owns
   * @param parents directories that hold programs of versions, which name their directories
   * @param log file that the server's messages are appended to
   * @param commandPrefix put before every command; empty except in tests that run as root
   */
  public MajorUpgrade(
      Path programs, Path root, List<Path> parents, Path log, List<String> commandPrefix) {
    this.programs = programs;
    this.root = root;
    this.parents = List.copyOf(parents);
    this.log = log;
    this.commandPrefix = List.copyOf(commandPrefix);
  }

  /**
   * Does what is to be done; nothing when the database is of the present version, or there is none.
   *
   * @throws PostgresException when the rows cannot be taken over; the old files are as they were
   */
  public void run() {
    try {
      PostgresCluster present = new PostgresCluster(programs, root, commandPrefix);
      List<Integer> others = otherMajors();
      for (int major : others) {
        if (major > PostgresBinaries.major()) {
          throw new PostgresException(
              "the database is of PostgreSQL %d, this version has %d: start the newer version, or restore a backup"
                  .formatted(major, PostgresBinaries.major()),
              null);
        }
      }
      if (!present.exists() && !others.isEmpty()) {
        takeOver(others.getLast(), present);
      }
      for (int major : others) {
        // Only after an upgrade that was cut off at its very end is one left here.
        cluster(programs, major).remove();
      }
      Files.deleteIfExists(copy());
    } catch (IOException | SQLException e) {
      throw new PostgresException("the database cannot be upgraded: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("interrupted while the database was upgraded", e);
    }
  }

  private void takeOver(int major, PostgresCluster present)
      throws IOException, SQLException, InterruptedException {
    Path home = programsOf(major);
    LOG.info(
        "the database is of PostgreSQL {}: PostgreSQL {} takes its rows over",
        major,
        PostgresBinaries.major());
    boolean rows = writeCopy(cluster(home, major));
    PostgresCluster next =
        new PostgresCluster(
            programs,
            root,
            root.resolve(PostgresCluster.DIRECTORY + PostgresBinaries.major() + ".upgrade"),
            commandPrefix);
    next.remove();
    next.create();
    if (rows) {
      readCopy(next);
    }
    next.rename(present.data());
    LOG.info("the database is of PostgreSQL {} now", PostgresBinaries.major());
  }

  private PostgresCluster cluster(Path home, int major) {
    return new PostgresCluster(
        home, root, root.resolve(PostgresCluster.DIRECTORY + major), commandPrefix);
  }

  private Path copy() {
    return root.resolve("upgrade.rows");
  }

  /** False when it has never held the platform's tables. */
  private boolean writeCopy(PostgresCluster old) throws IOException, SQLException {
    try (EmbeddedPostgres postgres =
            EmbeddedPostgres.start(old, log, PostgresSettings.ofAnyRelease(root.toString()));
        HikariDataSource pool = Databases.pool(postgres, 3);
        Connection connection = pool.getConnection();
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(copy()))) {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
      if (!DatabaseCopy.hasSchema(connection)) {
        return false;
      }
      DatabaseCopy.write(connection, Map.of(), out);
      connection.rollback();
      return true;
    }
  }

  private void readCopy(PostgresCluster next) throws IOException, SQLException {
    try (EmbeddedPostgres postgres =
            EmbeddedPostgres.start(next, log, PostgresSettings.arguments(root.toString()));
        HikariDataSource pool = Databases.pool(postgres, 3);
        InputStream in = new BufferedInputStream(Files.newInputStream(copy()))) {
      DatabaseCopy.read(in, pool);
    }
  }

  /** Major versions, other than the present, whose clusters are there; the newest last. */
  private List<Integer> otherMajors() throws IOException {
    List<Integer> majors = new ArrayList<>();
    for (Path directory : entries(root)) {
      Matcher name = CLUSTER.matcher(directory.getFileName().toString());
      if (name.matches()) {
        int major = Integer.parseInt(name.group(1));
        if (major != PostgresBinaries.major() && cluster(programs, major).exists()) {
          majors.add(major);
        }
      }
    }
    majors.sort(Comparator.naturalOrder());
    return majors;
  }

  private Path programsOf(int major) throws IOException {
    for (Path parent : parents) {
      for (Path home : entries(parent)) {
        String version = home.getFileName().toString();
        if (version.matches("\\d+(\\.\\d+)*")
            && PostgresBinaries.major(version) == major
            && Files.isExecutable(home.resolve("bin").resolve("postgres"))) {
          return home;
        }
      }
    }
    throw new PostgresException(
        "the database is of PostgreSQL %d, and its programs are not here any more: put back the version of the platform that had them, take a backup there and restore it with this one"
            .formatted(major),
        null);
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      List<Path> found = new ArrayList<>();
      entries.forEach(found::add);
      return found;
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
  }

  /** Where the distributions of a data directory keep their programs. */
  public static List<Path> parents(Path dataDir) throws IOException {
    List<Path> parents = new ArrayList<>();
    parents.add(dataDir.resolve("postgres"));
    for (Path app : entries(dataDir.resolve("app"))) {
      Optional.of(app.resolve("postgres")).filter(Files::isDirectory).ifPresent(parents::add);
    }
    return parents;
  }
}
