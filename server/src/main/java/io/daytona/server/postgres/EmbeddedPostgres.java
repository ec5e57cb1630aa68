package io.daytona.server.postgres;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server that belongs to this process: made on the first start, adopted when it
 * outlived a killed predecessor, started again when it dies, stopped with the platform.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
  private static final Duration START_PATIENCE = Duration.ofSeconds(60);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(15);
  private static final long LOOK_MS = 5;
  private static final long[] BACK_OFF_MS = {0, 100, 500, 1000, 2000, 5000};

  private final PostgresCluster cluster;
  private final Path log;
  private final List<String> settings;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable ProcessHandle postmaster;
  private @Nullable Thread watcher;

  private EmbeddedPostgres(PostgresCluster cluster, Path log, List<String> settings) {
    this.cluster = cluster;
    this.log = log;
    this.settings = settings;
  }

  /**
   * Starts or adopts the server, and watches it from then on.
   *
   * @param programs directory with the unpacked {@code bin}
   * @param root directory of everything the database owns, made when absent
   * @param log file that the server's messages are appended to
   * @param commandPrefix put before every command; empty except in tests that run as root
   * @throws PostgresException when it does not run
   */
  public static EmbeddedPostgres start(
      Path programs, Path root, Path log, List<String> commandPrefix) {
    try {
      Files.createDirectories(root);
    } catch (IOException e) {
      throw new PostgresException("PostgreSQL does not start: " + e.getMessage(), e);
    }
    return start(
        new PostgresCluster(programs, root, commandPrefix),
        log,
        PostgresSettings.arguments(root.toString()));
  }

  /** The socket of the server that runs on the files below a root; empty when none does. */
  public static Optional<Path> listening(Path root) {
    PostgresCluster cluster = new PostgresCluster(root, root, List.of());
    return Postmaster.of(cluster.data()).filter(Postmaster::ready).map(seen -> cluster.socket());
  }

  /**
   * Starts or adopts the server of a cluster.
   *
   * @param settings arguments for it
   */
  static EmbeddedPostgres start(PostgresCluster cluster, Path log, List<String> settings) {
    try {
      EmbeddedPostgres postgres = new EmbeddedPostgres(cluster, log, settings);
      postgres.launch();
      postgres.watcher = Thread.ofPlatform().name("postgres-watch").daemon().start(postgres::watch);
      return postgres;
    } catch (IOException e) {
      throw new PostgresException("PostgreSQL does not start: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("interrupted while PostgreSQL started", e);
    }
  }

  /** Socket it listens on. */
  public Path socket() {
    return cluster.socket();
  }

  /** Role to connect as. */
  public String role() {
    return PostgresCluster.ROLE;
  }

  /** Pid of its first process; 0 while it is down. */
  public long pid() {
    ProcessHandle running = postmaster;
    return running != null && Postmaster.isRunning(running) ? running.pid() : 0;
  }

  private void launch() throws IOException, InterruptedException {
    Optional<Postmaster> running = Postmaster.of(cluster.data());
    if (running.isPresent() && !sameProgram(running.get().process())) {
      LOG.info("PostgreSQL of another release runs: it is stopped");
      stop(running.get().process());
      running = Optional.empty();
    }
    if (running.isPresent()) {
      ProcessHandle process = running.get().process();
      awaitReady(process);
      LOG.info("adopted PostgreSQL, pid {}", process.pid());
      postmaster = process;
      return;
    }
    long from = System.nanoTime();
    cluster.create();
    cluster.writeAccess();
    Postmaster.forgetStranger(cluster.data());
    ProcessHandle process = cluster.start(log, settings).toHandle();
    awaitReady(process);
    LOG.info(
        "started PostgreSQL, pid {}, in {} ms",
        process.pid(),
        (System.nanoTime() - from) / 1_000_000);
    postmaster = process;
  }

  private boolean sameProgram(ProcessHandle process) throws IOException {
    Path ours = cluster.program("postgres");
    return Files.exists(ours) && Postmaster.program(process).equals(ours.toRealPath());
  }

  /** It tells that it is ready in its pid file only, so that is looked at. */
  private void awaitReady(ProcessHandle process) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<Postmaster> seen = Postmaster.of(cluster.data());
      if (seen.isPresent() && seen.get().ready() && seen.get().process().equals(process)) {
        return;
      }
      if (!process.isAlive()) {
        throw new IOException("it ended while it started; " + log + " says why");
      }
      if (closing.await(LOOK_MS, MILLISECONDS)) {
        stop(process);
        throw new IOException("the platform stops");
      }
    }
    throw new IOException("it is not ready after " + START_PATIENCE.toSeconds() + " s; see " + log);
  }

  /** Starts it again whenever it ends; the waits between failed attempts grow to 5 s. */
  private void watch() {
    int failures = 0;
    for (ProcessHandle watched = postmaster; watched != null; watched = postmaster) {
      try {
        Postmaster.awaitEnd(watched, closing);
        if (closing.await(BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)], MILLISECONDS)) {
          return;
        }
        if (failures == 0) {
          LOG.error("PostgreSQL, pid {}, ended: it is started again", watched.pid());
        }
        launch();
        failures = 0;
      } catch (IOException | RuntimeException e) {
        // The children of a killed server hold its memory for a moment; a full disk lasts longer.
        failures++;
        LOG.warn("PostgreSQL does not start (attempt {}): {}", failures, e.getMessage());
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Stops it: open transactions are rolled back, everything committed is on disk. */
  @Override
  public void close() {
    closing.countDown();
    ProcessHandle running = postmaster;
    if (running != null && Postmaster.isRunning(running)) {
      stop(running);
    }
    try {
      if (watcher != null && !watcher.join(STOP_PATIENCE)) {
        LOG.warn("PostgreSQL is still being started while the platform stops");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop(ProcessHandle process) {
    try {
      // SIGINT is its fast shutdown; Java's own destroy() sends SIGTERM, which waits for clients.
      new ProcessBuilder("/bin/kill", "-INT", Long.toString(process.pid()))
          .redirectErrorStream(true)
          .start();
      awaitEnd(process);
      LOG.info("stopped PostgreSQL, pid {}", process.pid());
    } catch (IOException | TimeoutException e) {
      LOG.warn("PostgreSQL, pid {}, does not stop: it is killed", process.pid(), e);
      process.destroyForcibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * An adopted server is no child, and the JDK looks whether such a one has ended ever less often.
   */
  private static void awaitEnd(ProcessHandle process)
      throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
    while (Postmaster.isRunning(process)) {
      if (System.nanoTime() >= deadline) {
        throw new TimeoutException("it runs after " + STOP_PATIENCE.toSeconds() + " s");
      }
      MILLISECONDS.sleep(LOOK_MS);
    }
  }
}
