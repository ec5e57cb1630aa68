package io.daytona.server.postgres;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code postmaster.pid} says of a running server.
 *
 * @param process its first process
 * @param ready whether it takes connections
 */
record Postmaster(ProcessHandle process, boolean ready) {
  private static final Logger LOG = LoggerFactory.getLogger(Postmaster.class);
  private static final String PID_FILE = "postmaster.pid";
  private static final int STATUS_LINE = 7;
  private static final long LOOK_MS = 500;

  /**
   * The server of a cluster, when one runs.
   *
   * @param data the cluster's directory
   */
  static Optional<Postmaster> of(Path data) {
    return read(data).filter(postmaster -> serves(postmaster.process, data));
  }

  /**
   * Removes the pid file when it names a living process that is not the cluster's server: the pid
   * was given to another program after the server had been killed, and PostgreSQL would refuse to
   * start because of it.
   */
  static void forgetStranger(Path data) throws IOException {
    Optional<Postmaster> written = read(data);
    if (written.isPresent() && !serves(written.get().process, data)) {
      LOG.info("pid {} belongs to another program by now", written.get().process.pid());
      Files.deleteIfExists(data.resolve(PID_FILE));
    }
  }

  private static Optional<Postmaster> read(Path data) {
    try {
      List<String> lines = Files.readAllLines(data.resolve(PID_FILE));
      long pid = lines.isEmpty() ? 0 : Long.parseLong(lines.getFirst().strip());
      boolean ready = lines.size() > STATUS_LINE && lines.get(STATUS_LINE).strip().equals("ready");
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .map(process -> new Postmaster(process, ready));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | NumberFormatException e) {
      // It is being written, or a power cut left it empty.
      LOG.debug("{}/postmaster.pid cannot be read", data, e);
      return Optional.empty();
    }
  }

  /** A pid may belong to another program by now; a postmaster works in its cluster's directory. */
  private static boolean serves(ProcessHandle process, Path data) {
    try {
      return Files.isSameFile(Path.of("/proc/" + process.pid() + "/cwd"), data)
          && program(process).getFileName().toString().startsWith("postgres");
    } catch (IOException e) {
      LOG.debug("process {} is not ours", process.pid(), e);
      return false;
    }
  }

  /**
   * Waits until a server has ended, or the platform closes. The JDK tells of the end of a child at
   * once, but looks after other processes ever less often, up to every five seconds; an adopted
   * server is looked at here.
   */
  static void awaitEnd(ProcessHandle process, CountDownLatch closing) throws InterruptedException {
    if (process.parent().filter(ProcessHandle.current()::equals).isPresent()) {
      process.onExit().join();
      return;
    }
    while (isRunning(process) && !closing.await(LOOK_MS, MILLISECONDS)) {
      // One read of a file in /proc each time.
    }
  }

  /** Whether a process has not ended; one that its parent has not reaped yet has. */
  static boolean isRunning(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return !stat.startsWith(") Z", stat.lastIndexOf(')'));
    } catch (IOException e) {
      LOG.debug("process {} has ended", process.pid(), e);
      return process.isAlive();
    }
  }

  /** The program a process runs. */
  static Path program(ProcessHandle process) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/exe"));
  }
}
