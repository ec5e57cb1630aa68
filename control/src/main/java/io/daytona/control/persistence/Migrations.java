package io.daytona.control.persistence;

import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/** Brings the schema to the version this program was built with. */
public final class Migrations {
  private Migrations() {}

  /**
   * Applies what is missing; several servers may call it at once, one does the work.
   *
   * @throws org.flywaydb.core.api.FlywayException when the schema is newer or was changed by hand
   */
  public static void apply(DataSource dataSource) {
    Flyway.configure(Migrations.class.getClassLoader())
        .dataSource(dataSource)
        .locations("classpath:db/migration")
        .loggers("slf4j")
        .load()
        .migrate();
  }
}
