package io.daytona.bench.docker;

import io.daytona.bench.row.Samples;
import io.daytona.bench.system.Commands;
import io.daytona.bench.system.Host;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A Docker engine of the benchmark's own. All its files are below one temporary directory; its
 * bridge, its firewall rules and its mounts are in namespaces of its own and end with it.
 */
public final class DockerEngine implements AutoCloseable {
  private static final String IMAGE = "daytona-bench";
  private static final int SECONDS_TO_START = 60;
  private static final String HOLDER =
      "mount --make-rprivate / && ip link set lo up && exec sleep infinity";
  private static final String ENGINE =
      """
      exec nsenter --target "$2" --net --mount dockerd --config-file "$0/daemon.json" \
      --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" --host "unix://$0/sock" \
      --cgroup-parent "$1" --log-level warn >>"$0/log" 2>&1 </dev/null
      """;

  private final Path directory;
  private final String path;
  private final String cgroup = "daytona-bench-" + ProcessHandle.current().pid();
  private final AtomicInteger next = new AtomicInteger();
  private final Process holder;
  private Process engine;
  private final double startSeconds;

  /**
   * Starts it with the platform's default root file system as its only image; takes a minute.
   *
   * @throws IllegalStateException with what is missing
   */
  public DockerEngine(Host host, Consumer<String> progress) {
    try {
      directory = Files.createTempDirectory(Path.of("/tmp"), "dbench.");
      progress.accept("Docker: programs");
      path = DockerPrograms.path(directory.resolve("programs"));
      progress.accept("Docker: engine, and its image from the platform's root file system");
      long begin = System.nanoTime();
      holder = process("unshare", "--net", "--mount", "sh", "-c", HOLDER);
      engine = start(false);
      awaitEngine();
      startSeconds = (System.nanoTime() - begin) / 1e9;
      String tar = "tar --numeric-owner -C \"$0\" -c . | docker -H \"$1\" import - " + IMAGE;
      Commands.run(
          List.of("sh", "-c", tar, host.defaultRoot().toString(), address()),
          directory,
          environment(),
          600);
      docker("rm", "-f", run()); // the first container is much slower than the others
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process start(boolean keep) throws IOException {
    keepContainers(keep);
    String namespaces = Long.toString(holder.pid());
    return process("sh", "-c", ENGINE, directory.toString(), "/" + cgroup, namespaces);
  }

  /** In a session of its own: an interrupt from the terminal is not for it. */
  private Process process(String... command) throws IOException {
    List<String> line = new ArrayList<>(List.of("setsid"));
    line.addAll(Arrays.asList(command));
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().putAll(environment());
    return builder.start();
  }

  /** Whether containers outlive the engine: only while it is restarted. */
  private void keepContainers(boolean keep) throws IOException {
    Files.writeString(directory.resolve("daemon.json"), "{\"live-restore\": " + keep + "}");
  }

  private void awaitEngine() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_START);
    while (true) {
      try {
        docker("version");
        return;
      } catch (IllegalStateException e) {
        if (System.nanoTime() > deadline || !engine.isAlive()) {
          throw new IllegalStateException("the Docker engine does not start: " + log(), e);
        }
      }
    }
  }

  private String log() {
    try {
      List<String> lines = Files.readAllLines(directory.resolve("log"));
      return String.join("; ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Seconds from the start of its process until it answered. */
  public double startSeconds() {
    return startSeconds;
  }

  /** Runs the command line client, and returns what it says. */
  public String docker(String... arguments) {
    List<String> command = new ArrayList<>(List.of(path("docker"), "-H", address()));
    command.addAll(Arrays.asList(arguments));
    return Commands.run(command, directory, environment(), 300).strip();
  }

  /** Starts a container that does nothing, and returns its name. */
  public String run() {
    String name = "box" + next.incrementAndGet();
    docker(
        "run", "-d", "--name", name, IMAGE, "bash", "-c", "trap exit TERM; sleep infinity & wait");
    return name;
  }

  /** The command that runs another one in a container. */
  public List<String> into(String container) {
    return List.of(path("docker"), "-H", address(), "exec", "-i", container);
  }

  /** Durations of a command of the client. */
  public Samples time(int times, String... arguments) {
    Samples samples = new Samples();
    for (int turn = 0; turn < times; turn++) {
      samples.time(() -> docker(arguments));
    }
    return samples;
  }

  /** Ends containers. */
  public void remove(List<String> containers) {
    if (!containers.isEmpty()) {
      List<String> arguments = new ArrayList<>(List.of("rm", "-f"));
      arguments.addAll(containers);
      docker(arguments.toArray(String[]::new));
    }
  }

  /** Ends the engine and starts it again while its containers run; returns when it answers. */
  public void restart() {
    try {
      keepContainers(true);
      reload("true");
      stop();
      engine = start(true);
      awaitEngine();
      keepContainers(false);
      reload("false");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets the engine read its configuration again, and waits until it has. */
  private void reload(String live) {
    Commands.run(List.of("kill", "-HUP", Long.toString(engine.pid())));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_START);
    while (!docker("info", "--format", "{{.LiveRestoreEnabled}}").equals(live)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the Docker engine does not read its configuration");
      }
    }
  }

  /** Memory of the engine with all that belongs to its containers but their own programs, bytes. */
  public long bytes() {
    return Host.treeBytes(engine.pid()) + Host.bytesOf("containerd-shim", directory.toString());
  }

  private String path(String program) {
    return Arrays.stream(path.split(":", -1))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("there is no " + program + " in " + path))
        .toString();
  }

  private String address() {
    return "unix://" + directory.resolve("sock");
  }

  private Map<String, String> environment() {
    return Map.of("PATH", path, "DOCKER_CONFIG", directory.toString());
  }

  private void stop() {
    engine.destroy();
    try {
      if (!engine.waitFor(30, TimeUnit.SECONDS)) {
        engine.descendants().forEach(ProcessHandle::destroyForcibly);
        engine.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Ends all containers and the engine, and removes all that there was of them. */
  @Override
  public void close() {
    if (!Files.exists(directory)) {
      return;
    }
    if (engine.isAlive()) {
      remove(docker("ps", "-aq").lines().toList()); // sooner than the engine's own ten seconds
    }
    stop();
    holder.destroy();
    Commands.run(List.of("rm", "-rf", "--one-file-system", directory.toString()));
    removeCgroups();
  }

  /** One in each hierarchy, or one below the only root. */
  private void removeCgroups() {
    Path root = Path.of("/sys/fs/cgroup");
    try (Stream<Path> hierarchies = Files.list(root)) {
      for (Path top : Stream.concat(Stream.of(root), hierarchies).toList()) {
        Path mine = top.resolve(cgroup);
        if (!Files.isSymbolicLink(top) && Files.isDirectory(mine)) {
          try (Stream<Path> below = Files.walk(mine)) {
            for (Path one :
                below.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList()) {
              Files.deleteIfExists(one);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
