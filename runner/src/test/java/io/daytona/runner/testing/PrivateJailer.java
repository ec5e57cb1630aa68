package io.daytona.runner.testing;

import io.daytona.runner.RunnerConfig;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A jailer with a data directory and a host instance of its own. While it exists, this process acts
 * as the unprivileged user whom the jailer serves.
 */
public final class PrivateJailer {
  /** Number of this data directory on the host; the tests of this module own it. */
  private static final int INSTANCE = 54;

  /** Any user but root; needs no entry in /etc/passwd. */
  private static final int USER = 64_054;

  private static final long UID_BASE = 268_435_456L + INSTANCE * 67_108_864L;

  /** Size of the XFS image of a pool in bytes. */
  static final long POOL_BYTES = 3L << 30;

  private static final Path REPOSITORY = repository();

  private final Path directory;
  private final Path data;
  private final Path conf;
  private final long poolBytes;
  private @Nullable Process process;

  public PrivateJailer() throws IOException, InterruptedException {
    this(POOL_BYTES);
  }

  /**
   * @param poolBytes size of the XFS image in bytes, 0 for a plain directory
   */
  public PrivateJailer(long poolBytes) throws IOException, InterruptedException {
    if (EffectiveUser.current() != 0) {
      throw new IllegalStateException("tests with a real jailer need root");
    }
    this.poolBytes = poolBytes;
    directory = Files.createTempDirectory(Path.of("/tmp"), "dt" + INSTANCE + ".");
    allow(directory, "rwxr-xr-x");
    data = directory.resolve("d");
    conf = directory.resolve("jailer.conf");
    Path app = directory.resolve("app");
    Files.createDirectories(app.resolve("bin"));
    Files.createDirectory(app.resolve("seccomp"));
    allow(Files.createDirectory(data), "rwxr-xr-x");
    copy("agent/build/agent", app.resolve("bin/agent"));
    copy("jailer/build/jailer", app.resolve("bin/jailer"));
    for (String profile : List.of("default", "restricted")) {
      copy("jailer/build/seccomp/" + profile + ".bpf", app.resolve("seccomp/" + profile + ".bpf"));
    }
    for (String own : List.of("images", "runner")) {
      Path made = Files.createDirectory(data.resolve(own));
      Files.setAttribute(made, "unix:uid", USER);
      Files.setAttribute(made, "unix:gid", USER);
      allow(made, "rwxr-x---");
    }
    Files.writeString(conf, configuration(app));
    allow(conf, "rw-r--r--");
    start();
    ClassPath.load();
    EffectiveUser.become(USER);
  }

  private static Path repository() {
    for (Path here = Path.of("").toAbsolutePath(); here != null; here = here.getParent()) {
      if (Files.isDirectory(here.resolve("jailer"))) {
        return here;
      }
    }
    throw new IllegalStateException("run this inside the repository");
  }

  private static void copy(String built, Path target) throws IOException {
    Path source = REPOSITORY.resolve(built);
    if (!Files.exists(source)) {
      throw new IOException(source + " is missing: run make in agent, jailer and jailer/seccomp");
    }
    Files.copy(source, target);
    allow(target, "rwxr-xr-x");
  }

  private static void allow(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private String configuration(Path app) {
    return """
    data=%s
    app=%s
    uid=%d
    gid=%d
    instance=%d
    uid_base=%d
    subnet=10.213.%d.0
    cgroup=daytona-%d
    nft_table=daytona_%d
    veth_prefix=dt%ds
    pool_bytes=%d
    runtime=/usr/bin/crun
    """
        .formatted(
            data,
            app,
            USER,
            USER,
            INSTANCE,
            UID_BASE,
            4 * INSTANCE,
            INSTANCE,
            INSTANCE,
            INSTANCE,
            poolBytes);
  }

  /** A configuration of a runner for it: few slots and disks of 1 GiB. */
  public RunnerConfig runnerConfig() {
    return new RunnerConfig(
        data,
        4,
        2,
        8,
        "1:2",
        512,
        Duration.ofSeconds(5),
        Duration.ofSeconds(20),
        Duration.ofSeconds(30));
  }

  public Path data() {
    return data;
  }

  /** Starts it, as its supervisor would; clients wait for its socket. */
  public void start() throws IOException {
    Path log = directory.resolve("log");
    process =
        new ProcessBuilder(
                asRoot(
                    directory.resolve("app/bin/jailer").toString(),
                    "--conf",
                    conf.toString(),
                    "--foreground"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(readable(log)))
            .start();
  }

  private static File readable(Path log) throws IOException {
    if (!Files.exists(log)) {
      Files.createFile(log);
      Files.setAttribute(log, "unix:uid", USER);
      allow(log, "rw-rw-rw-");
    }
    return log.toFile();
  }

  /** Kills it like kill -9; what it was doing stays half done. */
  public void kill() throws InterruptedException {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().waitFor();
    }
  }

  /** Runs a program as root and returns its output. */
  public String root(String... command) throws IOException, InterruptedException {
    Process run =
        new ProcessBuilder(asRoot(command))
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .start();
    run.getOutputStream().close();
    String output = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!run.waitFor(60, TimeUnit.SECONDS) || run.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  private static List<String> asRoot(String... command) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("setpriv", "--reuid=0", "--regid=0", "--clear-groups", "--"));
    line.addAll(List.of(command));
    return line;
  }

  /** Builds the image of busybox into the images directory and returns its layer. */
  public String prepareImage() throws IOException, InterruptedException {
    root(
        REPOSITORY.resolve("images/test-minimal/build").toString(),
        "--out",
        data.resolve("images").toString());
    root("chown", "-R", USER + ":" + USER, data.resolve("images").toString());
    try (var files = Files.newDirectoryStream(data.resolve("images"), "*.json")) {
      String name = files.iterator().next().getFileName().toString();
      return name.substring(0, name.length() - ".json".length());
    }
  }

  /** Puts a tar of one file among the prepared ones, as a layer above others. */
  public String prepareFile(String layer, String path, String text)
      throws IOException, InterruptedException {
    Path root = Files.createDirectory(data.resolve("images").resolve(layer + ".d"));
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    root(
        "tar",
        "--create",
        "--file=" + data.resolve("images").resolve(layer + ".tar"),
        "--directory=" + root,
        "--owner=0",
        "--group=0",
        "--mode=u=rwX,go=rX",
        "--format=ustar",
        ".");
    root("chown", USER + ":" + USER, data.resolve("images").resolve(layer + ".tar").toString());
    deleteTree(root);
    return layer;
  }

  /** Puts a layer of tools with one program among the prepared images, described at a time. */
  public void prepareTools(String layer, String program, Instant described)
      throws IOException, InterruptedException {
    Path images = data.resolve("images");
    Path root = Files.createDirectories(images.resolve(layer + ".d"));
    Files.createDirectories(root.resolve("empty"));
    Files.createDirectories(root.resolve("tools/bin"));
    Files.writeString(root.resolve("tools/agent"), "");
    Files.writeString(root.resolve("tools/bin/tool"), program);
    allow(root.resolve("tools/bin/tool"), "rwxr-xr-x");
    Path tar = images.resolve(layer + ".tar");
    root("tar", "--create", "--file=" + tar, "--directory=" + root, "--owner=0", "--group=0", ".");
    root("chown", USER + ":" + USER, tar.toString());
    deleteTree(root);
    describeTools(layer, described);
  }

  /** Describes a layer of tools whose tar may be missing. */
  public void describeTools(String layer, Instant described) throws IOException {
    Path description = data.resolve("images").resolve(layer + ".json");
    Files.writeString(
        description,
        "{\"layer\":\"%s\",\"image\":\"tools\",\"size_bytes\":1,\"created\":\"2026-01-01T00:00:00Z\"}"
            .formatted(layer));
    Files.setLastModifiedTime(description, FileTime.from(described));
  }

  /** Ends it and removes everything of it from the host. */
  public void remove() throws IOException, InterruptedException {
    EffectiveUser.becomeRoot();
    Process running = process;
    if (running != null) {
      running.destroy();
      running.waitFor();
    }
    root(directory.resolve("app/bin/jailer").toString(), "--conf", conf.toString(), "--purge");
    deleteTree(directory);
  }

  private static void deleteTree(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The end of its log, for messages. */
  public String log() {
    try {
      String text = Files.readString(directory.resolve("log"));
      return text.substring(Math.max(0, text.length() - 4000));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
