package io.daytona.server.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory for a database under test, owned by the user that PostgreSQL runs as: {@code daytona}
 * when the tests run as root, as PostgreSQL refuses to be root.
 */
final class PostgresFiles implements AutoCloseable {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  private static @Nullable Path elsewhere;

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
  static synchronized Path programs() throws IOException {
    Path target = Path.of("target").toAbsolutePath();
    if (!ROOT || enterable(target)) {
      return PostgresBinaries.installed(target);
    }
    // A checkout in a closed home: the user that PostgreSQL runs as does not get there.
    if (elsewhere == null) {
      Path made = Files.createTempDirectory(Path.of("/tmp"), "dpg-programs");
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(made)));
      elsewhere = made;
    }
    return PostgresBinaries.installed(elsewhere);
  }

  private static boolean enterable(Path directory) throws IOException {
    for (Path at = directory; at != null; at = at.getParent()) {
      if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        return false;
      }
    }
    return true;
  }

  Path root() {
    return directory.resolve("pg");
  }

  Path log() {
    return directory.resolve("log");
  }

  EmbeddedPostgres start() throws IOException {
    return EmbeddedPostgres.start(programs(), root(), log(), prefix());
  }

  @Override
  public void close() {
    delete(directory);
  }

  private static void delete(Path root) {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
