package io.daytona.server.postgres;

import java.io.IOException;

/** A PostgreSQL of a test's own, empty at first. */
public final class TestDatabase implements AutoCloseable {
  private final PostgresFiles files;
  private final EmbeddedPostgres postgres;

  /** Starts it. */
  public TestDatabase() throws IOException {
    files = new PostgresFiles();
    postgres = files.start();
    Databases.pool(postgres, 2).close(); // makes the database
  }

  /** URL that reaches it through its socket. */
  public String url() {
    return "postgresql://%s@localhost/daytona?socketFactory=%s&socketFactoryArg=%s"
        .formatted(postgres.role(), UnixSocketFactory.class.getName(), postgres.socket());
  }

  @Override
  public void close() {
    postgres.close();
    files.close();
  }
}
