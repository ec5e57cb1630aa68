package io.daytona.server;

import com.zaxxer.hikari.HikariDataSource;
import io.daytona.server.postgres.Databases;
import io.daytona.server.postgres.EmbeddedPostgres;
import io.daytona.server.postgres.MajorUpgrade;
import io.daytona.server.postgres.PostgresBinaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The platform's database: the operator's own, or the embedded one.
 *
 * @param postgres the embedded server when it is this process's to stop
 * @param pool connections to it
 */
record DatabasePart(@Nullable EmbeddedPostgres postgres, HikariDataSource pool)
    implements AutoCloseable {

  /** Where a distribution keeps unpacked programs; set by {@code bin/server}. */
  private static final String APP_PROPERTY = "daytona.app";

  /** Starts what must run; rows of an earlier major version are taken over first. */
  static DatabasePart open(ServerConfig server) {
    if (server.databaseUrl().isPresent()) {
      return new DatabasePart(
          null, Databases.pool(server.databaseUrl().get(), server.databaseConnections()));
    }
    Path root = root(server);
    String app = System.getProperty(APP_PROPERTY);
    Path unpacked = app == null ? root : Path.of(app, "postgres");
    Path programs =
        PostgresBinaries.installed(
            Files.isDirectory(unpacked.resolve(PostgresBinaries.version())) ? unpacked : root);
    Path log = server.dataDir().resolve("log").resolve("postgres.log");
    try {
      new MajorUpgrade(programs, root, MajorUpgrade.parents(server.dataDir()), log, List.of())
          .run();
    } catch (IOException e) {
      throw new StartException("the data directory cannot be read: " + e.getMessage(), e);
    }
    EmbeddedPostgres postgres = EmbeddedPostgres.start(programs, root, log, List.of());
    return new DatabasePart(postgres, Databases.pool(postgres, server.databaseConnections()));
  }

  /** Joins the server that runs, which goes on; starts it when none does. */
  static DatabasePart join(ServerConfig server) {
    Optional<Path> socket =
        server.databaseUrl().isPresent()
            ? Optional.empty()
            : EmbeddedPostgres.listening(root(server));
    return socket.isEmpty()
        ? open(server)
        : new DatabasePart(null, Databases.pool(socket.get(), 3));
  }

  private static Path root(ServerConfig server) {
    return server.dataDir().resolve("postgres");
  }

  @Override
  public void close() {
    pool.close();
    if (postgres != null) {
      postgres.close();
    }
  }
}
