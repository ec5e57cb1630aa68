package io.daytona.toolbox;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.client.AgentClient;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** The real agent as an ordinary process of this host, with a directory of its own. */
public final class RealAgent implements AutoCloseable {
  /** Where {@link #startWithSmallDisk} mounts; unchanged for everybody else. */
  public static final String SMALL_DISK = "/mnt";

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final AtomicBoolean MADE = new AtomicBoolean();

  private final Path directory;
  private final Path socket;
  private final Process process;

  private RealAgent(Path directory, Path socket, Process process) {
    this.directory = directory;
    this.socket = socket;
    this.process = process;
  }

  /** Starts an agent; makes its program when it is not there. */
  public static RealAgent start() throws IOException, InterruptedException {
    return start(List.of());
  }

  /** Starts an agent that sees a file of the test in the place of one of this host. */
  public static RealAgent startWith(Path file, Path inPlaceOf)
      throws IOException, InterruptedException {
    String script = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
    return start(
        List.of("unshare", "-m", "sh", "-c", script, "sh", file.toString(), inPlaceOf.toString()));
  }

  /**
   * Starts an agent whose root has the platform's programs in their place, beside everything that
   * is on this host.
   */
  public static RealAgent startWithTools() throws IOException, InterruptedException {
    return startWithTool(program().resolveSibling("fsutil"));
  }

  /** The same with a file of the test in the place of one of this host. */
  public static RealAgent startWithTools(Path file, Path inPlaceOf)
      throws IOException, InterruptedException {
    String bind = "mount --bind \"$2\" \"$root$3\"\n";
    return start(withTool(program().resolveSibling("fsutil"), bind, file, inPlaceOf));
  }

  /** The same with another program in the place of the platform's file tool. */
  public static RealAgent startWithTool(Path tool) throws IOException, InterruptedException {
    return start(withTool(tool, "", Path.of("/"), Path.of("/")));
  }

  private static List<String> withTool(Path tool, String change, Path file, Path inPlaceOf) {
    String script =
        """
        set -e
        tool=$1 root=/mnt
        mount -t tmpfs none $root
        for entry in /*; do
          if [ -L "$entry" ]; then
            cp -P "$entry" "$root$entry"
          elif [ -d "$entry" ] && [ "$entry" != $root ]; then
            mkdir "$root$entry"
            mount --rbind "$entry" "$root$entry"
          fi
        done
        mkdir -p $root$root $root/.daytona/bin
        [ ! -f "${tool%/*}/hold" ] || cp "${tool%/*}/hold" $root/.daytona/bin/
        cp "$tool" $root/.daytona/bin/fsutil
        """
            + change
            + "shift 3\nexec chroot $root \"$@\"\n";
    return List.of(
        "unshare",
        "-m",
        "sh",
        "-c",
        script,
        "sh",
        tool.toString(),
        file.toString(),
        inPlaceOf.toString());
  }

  /** Starts an agent for which {@link #SMALL_DISK} is a file system of 1 MiB of its own. */
  public static RealAgent startWithSmallDisk() throws IOException, InterruptedException {
    String script = "mount -t tmpfs -o size=1m none \"$1\" && shift && exec \"$@\"";
    return start(List.of("unshare", "-m", "sh", "-c", script, "sh", SMALL_DISK));
  }

  /** The same, and the agent keeps the output of programs there, too. */
  public static RealAgent startOnSmallDisk() throws IOException, InterruptedException {
    String script =
        "mount -t tmpfs -o size=1m none \"$1\" && d=$1 && shift && exec \"$@\" --state \"$d/.state\"";
    return start(List.of("unshare", "-m", "sh", "-c", script, "sh", SMALL_DISK));
  }

  /** Starts an agent by a program that gets its command line as last arguments and becomes it. */
  public static RealAgent startBy(List<String> wrapper) throws IOException, InterruptedException {
    return start(wrapper);
  }

  private static RealAgent start(List<String> wrapper) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("dtn-agent");
    Path socket = directory.resolve("agent.sock");
    Files.createDirectory(directory.resolve("work"));
    List<String> command = new ArrayList<>(wrapper);
    command.add(program().toString());
    command.addAll(List.of("--listen", socket.toString()));
    command.addAll(List.of("--state", directory.resolve("state").toString()));
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectInput(Redirect.PIPE)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(directory.resolve("stderr").toFile())
            .start();
    RealAgent agent = new RealAgent(directory, socket, process);
    try {
      agent.awaitSocket();
      return agent;
    } catch (IOException e) {
      agent.close();
      throw e;
    }
  }

  /** A new connection to it. */
  public AgentClient connect() {
    return AgentClient.connect(socket, PATIENCE);
  }

  /** The socket it listens on. */
  public Path socket() {
    return socket;
  }

  /** An empty directory that commands of the tests work in. */
  public Path work() {
    return directory.resolve("work");
  }

  /** What it has started and does not wait for: its workers and programs. */
  public List<ProcessHandle> children() {
    return process.children().toList();
  }

  /** Kills the agent without a chance to say goodbye. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** Ends the agent, everything it started, and its directory. */
  @Override
  public void close() throws IOException {
    if (process.isAlive()) {
      List<ProcessHandle> children = process.descendants().toList();
      children.forEach(ProcessHandle::destroyForcibly);
      process.destroy();
      process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private void awaitSocket() throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        connect().close();
        return;
      } catch (AgentException notYet) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          String stderr = Files.readString(directory.resolve("stderr"));
          throw new IOException("the agent did not start: " + stderr, notYet);
        }
      }
      Thread.onSpinWait();
    }
  }

  private static Path program() throws IOException, InterruptedException {
    Path module = Path.of("").toAbsolutePath();
    Path sources = module.resolveSibling("agent");
    Path program = sources.resolve("build/agent");
    if (MADE.compareAndSet(false, true)) {
      make(sources);
    }
    return program;
  }

  /** Once in a test run, so that a program older than its sources is never what is tested. */
  private static void make(Path sources) throws IOException, InterruptedException {
    Process make = new ProcessBuilder("make", "-s", "-C", sources.toString()).inheritIO().start();
    if (make.waitFor() != 0) {
      throw new IOException("make -C " + sources + " failed");
    }
  }
}
