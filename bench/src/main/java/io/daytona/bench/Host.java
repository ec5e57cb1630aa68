package io.daytona.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Memory of the host and of the platform's processes, read from /proc; needs the same host and
 * root.
 */
final class Host {
  private static final Pattern SERVED = Pattern.compile("serving the API .* after (\\d+) ms");

  private final Path data;

  /**
   * Reads a platform's host.
   *
   * @param data data directory of the platform
   */
  Host(Path data) {
    this.data = data;
  }

  /** Memory available to programs, in bytes. */
  static long availableBytes() {
    return line(Path.of("/proc/meminfo"), "MemAvailable:").orElseThrow() * 1024;
  }

  /** Memory of this process itself, in bytes: its heap grows and shrinks while it measures. */
  static long ownBytes() {
    return pss(ProcessHandle.current().pid());
  }

  /**
   * Proportional share of memory of supervisor, jailer, server and everything below the server, in
   * bytes.
   */
  long platformBytes() {
    long total = 0;
    for (String role : List.of("supervisor", "jailer", "server")) {
      total += pid(role).map(pid -> pss(pid) + (role.equals("server") ? below(pid) : 0)).orElse(0L);
    }
    return total;
  }

  /**
   * The server's last start, from its log.
   *
   * @param seconds from the start of its process until it served
   * @param newDatabase whether the database was made on the way
   */
  record Startup(double seconds, boolean newDatabase) {}

  /** The server's last start; empty when its log does not tell. */
  Optional<Startup> startup() {
    try (Stream<String> lines = Files.lines(data.resolve("log/server.log"))) {
      boolean made = false;
      Optional<Startup> last = Optional.empty();
      for (String line : (Iterable<String>) lines::iterator) {
        made |= line.contains("made the database's files");
        Matcher served = SERVED.matcher(line);
        if (served.find()) {
          last = Optional.of(new Startup(Long.parseLong(served.group(1)) / 1000.0, made));
          made = false;
        }
      }
      return last;
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty(); // no such log, or not ours to read: the row is left out
    }
  }

  private Optional<Long> pid(String role) {
    try {
      String text = Files.readString(data.resolve("run/" + role + ".pid")).strip();
      return Optional.of(Long.parseLong(text.split(" ", -1)[0]));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long below(long pid) {
    try (Stream<ProcessHandle> children = ProcessHandle.of(pid).orElseThrow().descendants()) {
      return children.mapToLong(child -> pss(child.pid())).sum();
    }
  }

  private static long pss(long pid) {
    return line(Path.of("/proc/" + pid + "/smaps_rollup"), "Pss:").orElse(0L) * 1024;
  }

  private static Optional<Long> line(Path file, String key) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> Long.parseLong(line.replaceAll("\\D+", "")))
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty(); // the process ended between the listing and the look
    }
  }
}
