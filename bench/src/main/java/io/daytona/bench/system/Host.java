package io.daytona.bench.system;

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
public final class Host {
  private static final Pattern SERVED = Pattern.compile("serving the API .* after (\\d+) ms");

  private final Path data;

  /**
   * Reads a platform's host.
   *
   * @param data data directory of the platform
   */
  public Host(Path data) {
    this.data = data;
  }

  /** Memory available to programs, in bytes. */
  public static long availableBytes() {
    return line(Path.of("/proc/meminfo"), "MemAvailable:").orElseThrow() * 1024;
  }

  /** CPU time that all programs and the kernel of the host have used, in seconds. */
  public static double busySeconds() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
      String[] words = lines.findFirst().orElseThrow().trim().split("\\s+", -1);
      // user, nice, system, then idle and waiting, then interrupts and what the hypervisor took
      long ticks = 0;
      for (int column : new int[] {1, 2, 3, 6, 7}) {
        ticks += Long.parseLong(words[column]);
      }
      return ticks / 100.0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Pid on the host of a sandbox's first process, from the jailer's record. */
  public long firstProcess(String sandbox) {
    try {
      String text = Files.readString(data.resolve("sbx/" + sandbox + "/pid"));
      return Long.parseLong(text.strip().split(" ", -1)[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Memory of this process itself, in bytes: its heap grows and shrinks while it measures. */
  public static long ownBytes() {
    return pss(ProcessHandle.current().pid());
  }

  /**
   * Proportional share of memory of supervisor, jailer, server and everything below the server, in
   * bytes.
   */
  public long platformBytes() {
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
  public record Startup(double seconds, boolean newDatabase) {}

  /** The server's last start; empty when its log does not tell. */
  public Optional<Startup> startup() {
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

  /** Its data directory. */
  public Path data() {
    return data;
  }

  /** Pid of supervisor, jailer or server; empty when it does not run. */
  public Optional<Long> pid(String role) {
    try {
      String text = Files.readString(data.resolve("run/" + role + ".pid")).strip();
      return Optional.of(Long.parseLong(text.split(" ", -1)[0]));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Proportional share of memory of a process and everything below it, in bytes. */
  public static long treeBytes(long pid) {
    return pss(pid) + below(pid);
  }

  /** Proportional share of memory of all processes of a program that name a text, in bytes. */
  public static long bytesOf(String program, String text) {
    return ProcessHandle.allProcesses()
        .filter(process -> named(process.pid(), program, text))
        .mapToLong(process -> pss(process.pid()))
        .sum();
  }

  private static boolean named(long pid, String program, String text) {
    try {
      String line = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
      return line.split("\0", 2)[0].contains(program) && line.contains(text);
    } catch (IOException e) {
      return false; // the process ended between the listing and the look
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

  /**
   * The root file system of a snapshot's image, as the jailer sees it.
   *
   * @throws IllegalStateException when it cannot be found
   */
  public Path defaultRoot() {
    long jailer = pid("jailer").orElseThrow(() -> new IllegalStateException("no jailer runs"));
    Path layers = Path.of("/proc/" + jailer + "/root" + data + "/pool/layers");
    try (Stream<Path> all = Files.list(layers)) {
      return all.filter(layer -> Files.isExecutable(layer.resolve("usr/bin/python3")))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no layer with a python3 in " + layers));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
