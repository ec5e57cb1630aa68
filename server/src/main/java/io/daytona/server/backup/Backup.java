package io.daytona.server.backup;

import io.daytona.control.persistence.Migrations;
import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.server.postgres.DatabaseCopy;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/**
 * The part of a backup that needs no privileges: the database's rows and a copy of each disk, all
 * of one moment as far as clients can tell. {@code ./daytona backup} puts them into the archive.
 */
public final class Backup {
  /** States in which a sandbox has no disk; in any other, one without was deleted meanwhile. */
  private static final String DISKLESS =
      "'destroyed', 'error', 'build_failed', 'archived', 'pending_build', 'building_snapshot',"
          + " 'pulling_snapshot'";

  private final DataSource database;
  private final JailerClient jailer;

  /**
   * @param database the platform's
   * @param jailer copies disks
   */
  public Backup(DataSource database, JailerClient jailer) {
    this.database = database;
    this.jailer = jailer;
  }

  /**
   * Writes {@code database} and {@code parts} into a directory and keeps the copies of the disks
   * until the input ends.
   *
   * <p>The rows are those of the moment before the first disk is copied. A sandbox that was created
   * later is not in them; of one that was deleted meanwhile there is no disk, so its row is left
   * out.
   *
   * @param directory with the two files, empty
   * @param input ends when the copies have been read, or whoever reads them is dead
   * @param out gets {@code progress PERCENT TEXT} lines, and {@code ready} when all is there
   */
  public void run(Path directory, InputStream input, PrintStream out)
      throws SQLException, IOException, InterruptedException {
    try (Captures captures = new Captures(jailer)) {
      captures.clear();
      try (Connection connection = database.getConnection();
          Statement statement = connection.createStatement()) {
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        connection.setAutoCommit(false);
        // It may rest for as long as the disks take.
        statement.execute("set idle_in_transaction_session_timeout = 0");
        write(directory, connection, captures, out);
        connection.rollback();
      }
      out.println("ready");
      out.flush();
      input.transferTo(OutputStream.nullOutputStream());
    }
  }

  private void write(Path directory, Connection connection, Captures captures, PrintStream out)
      throws SQLException, IOException, InterruptedException {
    List<String> sandboxes = column(connection, "select id from sandbox order by created_at, id");
    List<String> copied = new ArrayList<>();
    for (String sandbox : sandboxes) {
      if (captures.take(sandbox)) {
        copied.add(sandbox);
      }
      out.println("progress %d disks".formatted(10 * copied.size() / sandboxes.size()));
    }
    try (OutputStream rows =
        new BufferedOutputStream(Files.newOutputStream(directory.resolve("database")))) {
      DatabaseCopy.write(connection, Map.of("sandbox", condition(copied)), rows);
    }
    Files.write(directory.resolve("parts"), parts(connection, copied));
  }

  private static String condition(List<String> copied) {
    return "id = any (array['%s']::uuid[]) or state in (%s)"
        .formatted(String.join("','", copied), DISKLESS)
        .replace("array['']", "array[]");
  }

  /**
   * Lines {@code schema N}, {@code sandboxes N}, {@code disk ID COPY GIB KIB}, {@code layer ID}.
   */
  private List<String> parts(Connection connection, List<String> copied) throws SQLException {
    Inventory inventory = jailer.list();
    List<String> lines = new ArrayList<>();
    lines.add("schema " + Migrations.version(connection));
    for (String sandbox : copied) {
      String name = Captures.name(sandbox);
      inventory.disks().stream()
          .filter(disk -> disk.id().equals(name))
          .map(disk -> "disk %s %s %d %d".formatted(sandbox, name, disk.gib(), disk.allocatedKib()))
          .forEach(lines::add);
    }
    inventory.layers().forEach(layer -> lines.add("layer " + layer));
    return lines;
  }

  private static List<String> column(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }
}
