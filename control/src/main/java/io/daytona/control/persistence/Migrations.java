package io.daytona.control.persistence;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/** Brings the schema to a version; the newest is that which this program was built with. */
public final class Migrations {
  private static final String NEWEST = "latest";

  private Migrations() {}

  /**
   * Applies what is missing; several servers may call it at once, one does the work.
   *
   * @throws org.flywaydb.core.api.FlywayException when the schema is newer or was changed by hand
   */
  public static void apply(DataSource dataSource) {
    apply(dataSource, NEWEST);
  }

  /**
   * Applies what is missing up to a version.
   *
   * @param version number of the last migration to apply
   */
  public static void apply(DataSource dataSource, String version) {
    Flyway.configure(Migrations.class.getClassLoader())
        .dataSource(dataSource)
        .locations("classpath:db/migration")
        .target(version)
        .loggers("slf4j")
        .load()
        .migrate();
  }

  /** Number of the last migration that was applied to a database. */
  public static String version(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select version from flyway_schema_history where success and version is not null"
                    + " order by installed_rank desc limit 1")) {
      if (!row.next()) {
        throw new SQLException("the database has no schema");
      }
      return row.getString(1);
    }
  }
}
