package io.daytona.control.persistence;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/**
 * A real PostgreSQL for tests, from the binaries that the platform itself starts. As root it runs
 * as {@code daytona} or {@code nobody}.
 */
public final class TestPostgres implements AutoCloseable {
  private static final String ARCHIVE = "/postgres-linux-x86_64.txz";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final TestPostgres SHARED = new TestPostgres();

  private final AtomicInteger names = new AtomicInteger();
  private final Path home;
  private final int port;
  private Process server;

  private TestPostgres() {
    try {
      home = Files.createTempDirectory("daytona-test-postgres");
      port = freePort();
      Runtime.getRuntime().addShutdownHook(new Thread(this::close));
      unpack();
      run("chown", "-R", user(), home.toString());
      initialise();
      server = launch();
      awaitReady();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("PostgreSQL for tests does not start", e);
    }
  }

  /** The server that most tests use, each with a database of its own. */
  public static TestPostgres shared() {
    return SHARED;
  }

  /** A server of the caller's own, to be killed. */
  public static TestPostgres own() {
    return new TestPostgres();
  }

  /** URL of a fresh, empty database. */
  public String freshDatabase() {
    String name = "test_" + names.incrementAndGet();
    execute("CREATE DATABASE " + name);
    return url(name);
  }

  /** Removes a database again; connections to it are cut. */
  public void drop(String url) {
    String name = url.substring(url.lastIndexOf('/') + 1, url.indexOf('?'));
    execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  }

  private void execute(String sql) {
    try (Connection connection = DriverManager.getConnection(url("postgres"));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Kills every process of the server at once, as the kernel would when memory is short. */
  public void kill() throws InterruptedException {
    List<ProcessHandle> all = new ArrayList<>(server.toHandle().descendants().toList());
    all.add(server.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    // A server that starts while a process of its predecessor still holds the shared memory gives
    // up.
    all.forEach(process -> process.onExit().join());
  }

  /** Starts the server again after {@link #kill}. */
  public void restart() throws IOException, InterruptedException {
    server = launch();
    awaitReady();
  }

  private String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres";
  }

  private void unpack() throws IOException, InterruptedException {
    Path archive = home.resolve("postgres.tar");
    try (InputStream packed = TestPostgres.class.getResourceAsStream(ARCHIVE)) {
      if (packed == null) {
        throw new IOException("the PostgreSQL binaries are not on the class path: " + ARCHIVE);
      }
      try (InputStream plain = new XZInputStream(packed)) {
        Files.copy(plain, archive);
      }
    }
    run("tar", "-xf", archive.toString(), "-C", home.toString());
    Files.delete(archive);
  }

  private void initialise() throws IOException, InterruptedException {
    run(
        command(
            "bin/initdb",
            "-D",
            home.resolve("data").toString(),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync"));
  }

  private Process launch() throws IOException {
    return process(
            command(
                "bin/postgres",
                "-D",
                home.resolve("data").toString(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=" + home,
                // Killing the server loses nothing that the kernel has, and nothing kills the
                // kernel.
                "-c",
                "fsync=off"))
        .start();
  }

  private void awaitReady() throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (Connection connection = DriverManager.getConnection(url("postgres"))) {
        if (connection.isValid(5)) {
          return;
        }
      } catch (SQLException e) {
        if (System.nanoTime() > deadline || !server.isAlive()) {
          throw new IllegalStateException("PostgreSQL for tests does not answer", e);
        }
        server.waitFor(20, TimeUnit.MILLISECONDS);
      }
    }
  }

  private String[] command(String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    if (root()) {
      command.addAll(List.of("setpriv", "--reuid", user(), "--regid", group(), "--clear-groups"));
    }
    command.add(home.resolve(program).toString());
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
  }

  private static boolean root() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static String user() throws IOException {
    if (!root()) {
      return System.getProperty("user.name");
    }
    boolean installed =
        Files.readAllLines(Path.of("/etc/passwd")).stream()
            .anyMatch(line -> line.startsWith("daytona:"));
    return installed ? "daytona" : "nobody";
  }

  private static String group() throws IOException {
    return user().equals("daytona") ? "daytona" : "nogroup";
  }

  private void run(String... command) throws IOException, InterruptedException {
    Process process = process(command).start();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(
          String.join(" ", command) + " failed: " + Files.readString(home.resolve("log")));
    }
  }

  private ProcessBuilder process(String... command) {
    return new ProcessBuilder(command)
        .directory(home.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("log").toFile()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Ends the server and removes what it wrote. */
  @Override
  public void close() {
    if (!Files.exists(home)) {
      return;
    }
    if (server != null) {
      server.descendants().forEach(ProcessHandle::destroyForcibly);
      server.destroyForcibly();
    }
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
