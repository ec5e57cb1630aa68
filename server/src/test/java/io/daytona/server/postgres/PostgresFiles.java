package io.daytona.server.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory for a database under test, owned by the user that PostgreSQL runs as: {@code daytona}
 * when the tests run as root, as PostgreSQL refuses to be root.
 */
final class PostgresFiles implements AutoCloseable {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  private final Path directory;

  PostgresFiles() throws IOException {
    // Short, for the socket's path.
    directory = Files.createTempDirectory(Path.of("/tmp"), "dpg");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(root());
    if (ROOT) {
      var users = directory.getFileSystem().getUserPrincipalLookupService();
      Files.setOwner(root(), users.lookupPrincipalByName("daytona"));
    }
  }

  static List<String> prefix() {
    return ROOT
        ? List.of("setpriv", "--reuid=daytona", "--regid=daytona", "--clear-groups", "--")
        : List.of();
  }

  /** The programs, unpacked once for all tests of a build. */
  static Path programs() {
    Path target = Path.of("target").toAbsolutePath();
    return PostgresBinaries.installed(readable(target) ? target : Path.of("/tmp/dpg-programs"));
  }

  /** Whether another user gets there. */
  private static boolean readable(Path path) {
    try {
      for (Path at = path; at != null; at = at.getParent()) {
        if (Files.exists(at)
            && !PosixFilePermissions.toString(Files.getPosixFilePermissions(at)).endsWith("x")) {
          return !ROOT;
        }
      }
      return true;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  Path root() {
    return directory.resolve("pg");
  }

  Path log() {
    return directory.resolve("log");
  }

  EmbeddedPostgres start() {
    return EmbeddedPostgres.start(programs(), root(), log(), prefix());
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
