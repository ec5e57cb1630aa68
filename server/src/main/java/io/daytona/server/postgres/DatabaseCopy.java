package io.daytona.server.postgres;

import io.daytona.control.persistence.Migrations;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/**
 * All rows of the platform's database as a stream that any release of PostgreSQL reads: the number
 * of the last migration, then each table in the text form of {@code COPY}, then the sequences. The
 * schema is not in it, as the migrations make it again.
 */
public final class DatabaseCopy {
  private static final String MAGIC = "daytona-database 1";
  private static final String HISTORY = "flyway_schema_history";
  private static final byte END = 0;
  private static final byte TABLE = 1;
  private static final byte SEQUENCE = 2;
  private static final int LONGEST_CHUNK = 1 << 20;

  private DatabaseCopy() {}

  /**
   * Writes all rows.
   *
   * @param connection in a transaction whose snapshot is what is written
   * @param conditions SQL that a row of a table must satisfy to be written, by table
   */
  public static void write(Connection connection, Map<String, String> conditions, OutputStream to)
      throws SQLException, IOException {
    CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
    DataOutputStream out = new DataOutputStream(to);
    out.writeUTF(MAGIC);
    out.writeUTF(Migrations.version(connection));
    for (Map.Entry<String, List<String>> table : tables(connection).entrySet()) {
      String columns = columns(table.getValue());
      String from = quoted(table.getKey());
      String condition = conditions.get(table.getKey());
      out.writeByte(TABLE);
      out.writeUTF(table.getKey());
      out.writeUTF(columns);
      Chunks chunks = new Chunks(out);
      copy.copyOut(
          "copy (select %s from %s where %s) to stdout"
              .formatted(columns, from, condition == null ? "true" : condition),
          chunks);
      chunks.flush();
      out.writeInt(0);
    }
    for (Map.Entry<String, String> sequence : sequences(connection).entrySet()) {
      out.writeByte(SEQUENCE);
      out.writeUTF(sequence.getKey());
      out.writeUTF(sequence.getValue());
    }
    out.writeByte(END);
    out.flush();
  }

  /**
   * Fills a database that holds no rows: makes the schema the rows were written with, and puts them
   * in, all or none. Later migrations are left to the next start.
   *
   * @throws PostgresException when the database holds rows, or the stream is of a newer program or
   *     damaged
   */
  public static void read(InputStream from, DataSource database) throws SQLException, IOException {
    DataInputStream in = new DataInputStream(from);
    if (!in.readUTF().equals(MAGIC)) {
      throw new PostgresException("this is no copy of a database, or of a newer version", null);
    }
    String version = in.readUTF();
    try (Connection connection = database.getConnection()) {
      requireEmpty(connection);
    }
    Migrations.apply(database, version);
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      if (!Migrations.version(connection).equals(version)) {
        throw new PostgresException(
            "the rows are of schema %s, which this version does not know; use the version that wrote them, or a newer one"
                .formatted(version),
            null);
      }
      connection.setAutoCommit(false);
      // Rows come table by table, and refer to each other.
      statement.execute("set local session_replication_role = replica");
      Map<String, List<String>> tables = tables(connection);
      for (String table : tables.keySet()) {
        statement.execute("truncate table " + quoted(table) + " cascade");
      }
      CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
      Map<String, String> sequences = sequences(connection);
      for (byte kind = in.readByte(); kind != END; kind = in.readByte()) {
        String name = in.readUTF();
        String text = in.readUTF();
        if (kind == TABLE && text.equals(columns(tables.getOrDefault(name, List.of())))) {
          copy.copyIn("copy %s (%s) from stdin".formatted(quoted(name), text), new Unchunked(in));
        } else if (kind == SEQUENCE && sequences.containsKey(name) && !text.isEmpty()) {
          set(connection, name, Long.parseLong(text));
        } else if (kind != SEQUENCE) {
          throw new PostgresException("the table " + name + " is not of schema " + version, null);
        }
      }
      connection.commit();
    }
  }

  /** Whether the platform's migrations have ever been applied. */
  static boolean hasSchema(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("select to_regclass('public." + HISTORY + "') is not null")) {
      return row.next() && row.getBoolean(1);
    }
  }

  private static void requireEmpty(Connection connection) throws SQLException {
    for (String table : tables(connection).keySet()) {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("select 1 from " + quoted(table) + " limit 1")) {
        if (row.next()) {
          throw new PostgresException(
              "the database holds rows already (table " + table + "); it must be empty", null);
        }
      }
    }
  }

  /** Columns by table; those that the database computes by itself are left out. */
  private static Map<String, List<String>> tables(Connection connection) throws SQLException {
    Map<String, List<String>> tables = new TreeMap<>();
    try (PreparedStatement statement =
            connection.prepareStatement(
                """
                select c.relname, a.attname from pg_class c
                  join pg_attribute a on a.attrelid = c.oid
                where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                  and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                  and c.relname <> ?
                order by c.relname, a.attname\
                """);
        ResultSet rows = asked(statement, HISTORY)) {
      while (rows.next()) {
        tables.computeIfAbsent(rows.getString(1), name -> new ArrayList<>()).add(rows.getString(2));
      }
    }
    return tables;
  }

  private static ResultSet asked(PreparedStatement statement, String argument) throws SQLException {
    statement.setString(1, argument);
    return statement.executeQuery();
  }

  /** Last values by sequence; empty for one that was never used. */
  private static Map<String, String> sequences(Connection connection) throws SQLException {
    Map<String, String> sequences = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select sequencename, coalesce(last_value::text, '') from pg_sequences"
                    + " where schemaname = 'public'")) {
      while (rows.next()) {
        sequences.put(rows.getString(1), rows.getString(2));
      }
    }
    return sequences;
  }

  private static void set(Connection connection, String sequence, long value) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("select setval(?::regclass, ?)")) {
      statement.setString(1, "public." + quoted(sequence));
      statement.setLong(2, value);
      statement.execute();
    }
  }

  private static String columns(List<String> names) {
    return String.join(", ", names.stream().map(DatabaseCopy::quoted).toList());
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** What is written goes out as pieces with their lengths before them. */
  private static final class Chunks extends FilterOutputStream {
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();

    Chunks(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      held.write(bytes, offset, length);
      if (held.size() >= LONGEST_CHUNK / 2) {
        flush();
      }
    }

    @Override
    public void flush() throws IOException {
      byte[] bytes = held.toByteArray();
      held.reset();
      DataOutputStream to = new DataOutputStream(out);
      for (int at = 0; at < bytes.length; at += LONGEST_CHUNK) {
        int length = Math.min(LONGEST_CHUNK, bytes.length - at);
        to.writeInt(length);
        to.write(bytes, at, length);
      }
    }
  }

  /** The pieces up to the empty one. */
  private static final class Unchunked extends InputStream {
    private final DataInputStream in;
    private int left = -1;

    Unchunked(DataInputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left < 0) {
        next();
      }
      if (left == 0) {
        return -1;
      }
      int n = Math.min(length, left);
      in.readFully(bytes, offset, n);
      left -= n;
      if (left == 0) {
        next();
      }
      return n;
    }

    private void next() throws IOException {
      left = in.readInt();
      if (left < 0 || left > LONGEST_CHUNK) {
        throw new IOException("the copy of the database is damaged");
      }
    }
  }
}
