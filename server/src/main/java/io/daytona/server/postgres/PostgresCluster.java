package io.daytona.server.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the embedded database: made once, and entered only through a Unix socket by the user
 * that runs this process, so there is no password to keep.
 */
final class PostgresCluster {
  static final String ROLE = "daytona";
  static final int PORT = 5432;

  /** Before the number of the major version: its releases share their files' format. */
  static final String DIRECTORY = "data-";

  private static final String MADE = "made";
  private static final Logger LOG = LoggerFactory.getLogger(PostgresCluster.class);
  private static final int SUN_PATH_MAX = 107;
  private static final int INITDB_SECONDS = 120;

  private final Path programs;
  private final Path root;
  private final Path data;
  private final List<String> commandPrefix;

  /**
   * A cluster.
   *
   * @param programs directory with {@code bin}
   * @param root directory of everything the database owns
   * @param commandPrefix put before every command, to change the user in tests that run as root
   */
  PostgresCluster(Path programs, Path root, List<String> commandPrefix) {
    this(programs, root, root.resolve(DIRECTORY + PostgresBinaries.major()), commandPrefix);
  }

  /**
   * A cluster in a directory of another name.
   *
   * @param data directory of the cluster's files, in {@code root}
   */
  PostgresCluster(Path programs, Path root, Path data, List<String> commandPrefix) {
    this.programs = programs;
    this.root = root;
    this.data = data;
    this.commandPrefix = List.copyOf(commandPrefix);
    if (socket().toString().length() > SUN_PATH_MAX) {
      throw new PostgresException(
          "the path of the database's socket is longer than %d bytes: %s; use a shorter data directory"
              .formatted(SUN_PATH_MAX, socket()),
          null);
    }
  }

  Path data() {
    return data;
  }

  Path socket() {
    return root.resolve(".s.PGSQL." + PORT);
  }

  Path program(String name) {
    return programs.resolve("bin").resolve(name);
  }

  /** Whether it has been made, and made to its end. */
  boolean exists() {
    return Files.exists(data.resolve("PG_VERSION")) && Files.exists(data.resolve(MADE));
  }

  /** Removes its files; nothing may run on them. */
  void remove() throws IOException, InterruptedException {
    run(List.of("rm", "-rf", "--", data.toString()));
  }

  /** Gives its directory another name, for good; nothing may run on it. */
  void rename(Path name) throws IOException, InterruptedException {
    run(List.of("sync", "-f", data.toString()));
    run(List.of("mv", "-T", "--", data.toString(), name.toString()));
    run(List.of("sync", "-f", name.toString()));
  }

  /** Makes the cluster unless it exists; a half-made one is made again. */
  void create() throws IOException, InterruptedException {
    if (exists()) {
      return;
    }
    long from = System.nanoTime();
    // A directory without the mark was cut off while it was made and has never held anything.
    remove();
    List<String> initdb = new ArrayList<>();
    initdb.add(program("initdb").toString());
    initdb.addAll(List.of("-D", data.toString(), "-U", ROLE, "-E", "UTF8", "-A", "peer"));
    initdb.addAll(List.of("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"));
    initdb.addAll(List.of("--no-instructions", "--data-checksums"));
    // What the server needs is flushed by its first checkpoint; see the mark below.
    initdb.add("--no-sync");
    run(initdb);
    run(List.of("sync", "-f", data.toString()));
    run(List.of("touch", data.resolve(MADE).toString()));
    LOG.info("made the database's files in {} ms", (System.nanoTime() - from) / 1_000_000);
  }

  /** Writes who may connect: this process's user, as the one role, through the socket. */
  void writeAccess() throws IOException {
    String user = System.getProperty("user.name");
    Files.writeString(root.resolve("hba.conf"), "local all all peer map=server\n");
    Files.writeString(root.resolve("ident.conf"), "server " + user + " " + ROLE + "\n");
  }

  /**
   * Starts the server; it outlives this process.
   *
   * @param settings arguments for the server
   */
  Process start(Path log, List<String> settings) throws IOException {
    List<String> command = new ArrayList<>(commandPrefix);
    command.add(program("postgres").toString());
    command.addAll(List.of("-D", data.toString()));
    command.addAll(settings);
    command.addAll(List.of("-c", "hba_file=" + root.resolve("hba.conf")));
    command.addAll(List.of("-c", "ident_file=" + root.resolve("ident.conf")));
    ProcessBuilder builder = builder(command);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectErrorStream(true);
    return builder.start();
  }

  private void run(List<String> command) throws IOException, InterruptedException {
    List<String> prefixed = new ArrayList<>(commandPrefix);
    prefixed.addAll(command);
    Process process = builder(prefixed).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(INITDB_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(command.getFirst() + " failed: " + output.strip());
    }
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(root.toFile());
    var environment = builder.environment();
    String path = environment.getOrDefault("PATH", "/usr/bin:/bin");
    environment.clear(); // PG* variables of the caller would change what is connected to
    environment.put("PATH", path);
    environment.put("LC_ALL", "C");
    environment.put("LD_LIBRARY_PATH", programs.resolve("lib").toString());
    return builder;
  }
}
