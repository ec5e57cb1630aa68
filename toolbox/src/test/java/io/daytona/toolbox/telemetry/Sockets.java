package io.daytona.toolbox.telemetry;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Whose sockets are whose, as the kernel says. */
final class Sockets {
  private static final int LOCAL = 1;
  private static final int INODE = 9;

  private Sockets() {}

  /** Whether the connected TCP socket with a local port is open in this process. */
  static boolean ofThisProcess(int port) throws IOException {
    String suffix = String.format(Locale.ROOT, ":%04X", port);
    Set<String> own = own();
    for (String table : new String[] {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
      for (String line : Files.readAllLines(Path.of(table))) {
        String[] fields = line.strip().split(" +", -1);
        if (fields[LOCAL].endsWith(suffix) && own.contains("socket:[" + fields[INODE] + "]")) {
          return true;
        }
      }
    }
    return false;
  }

  private static Set<String> own() throws IOException {
    Set<String> own = new HashSet<>();
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : open) {
        target(descriptor).ifPresent(own::add);
      }
    }
    return own;
  }

  private static Optional<String> target(Path descriptor) throws IOException {
    try {
      return Optional.of(Files.readSymbolicLink(descriptor).toString());
    } catch (NoSuchFileException closedMeanwhile) {
      return Optional.empty();
    }
  }
}
