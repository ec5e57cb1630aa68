package io.daytona.bench.docker;

import io.daytona.bench.system.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Docker's programs: those of the host, or, where it has none, Debian's packages unpacked into a
 * directory, because to install them would start an engine and change the host's firewall.
 */
final class DockerPrograms {
  private static final List<String> PACKAGES = List.of("docker.io", "containerd", "runc", "tini");

  private DockerPrograms() {}

  /** A search path with all of them in front; the packages go below a directory. */
  static String path(Path directory) throws IOException {
    String path = "/usr/sbin:/usr/bin:/sbin:/bin";
    if (Files.isExecutable(Path.of("/usr/sbin/dockerd"))) {
      return path;
    }
    Files.createDirectories(directory);
    // The downloader's own user must be able to write here.
    Path packages = Files.createDirectory(directory.resolve("packages"));
    List<String> download =
        Stream.concat(Stream.of("apt-get", "download"), PACKAGES.stream()).toList();
    Commands.run(download, packages, Map.of(), 300);
    Path root = directory.resolve("root");
    try (Stream<Path> files = Files.list(packages)) {
      for (Path file : files.toList()) {
        Commands.run(List.of("dpkg-deb", "-x", file.toString(), root.toString()));
      }
    }
    return root + "/usr/sbin:" + root + "/usr/bin:" + path;
  }
}
