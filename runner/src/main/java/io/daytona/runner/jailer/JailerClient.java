package io.daytona.runner.jailer;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * The verbs of the jailer (docs/protocols/jailer.md). Safe for many threads; calls block.
 *
 * <p>Every call throws {@link JailerException} when the jailer refuses, and a {@link
 * io.daytona.wire.error.DaytonaException} with 503 when it does not answer in time although the
 * request was repeated.
 */
public final class JailerClient implements AutoCloseable {
  /** Name that stands for no shelved disk. */
  public static final String NO_SHELF = "-";

  /** Name that stands for no tools. */
  public static final String NO_TOOLS = "-";

  private static final Duration QUICK = Duration.ofSeconds(30);
  private static final Duration SLOW = Duration.ofMinutes(5);
  private static final Duration IMPORT = Duration.ofMinutes(30);
  private static final int MAX_LIST_LINES = 200_000;

  private final JailerLink link;

  /**
   * @param socket the jailer's socket
   * @param patience how long a verb is repeated while the jailer is away
   */
  public JailerClient(Path socket, Duration patience) {
    this.link = new JailerLink(socket, patience);
  }

  /**
   * Version handshake.
   *
   * @param protocol version of the protocol
   * @param version release of the jailer
   * @param slots numbers it manages
   * @param poolFreeKib free space of the disk pool in KiB
   * @param poolTotalKib size of the disk pool in KiB
   */
  public record Hello(
      int protocol, String version, int slots, long poolFreeKib, long poolTotalKib) {}

  /**
   * A sandbox that the jailer started.
   *
   * @param pid its first process as the host numbers it
   * @param startTicks start time of that process in clock ticks since boot
   */
  public record Started(long pid, long startTicks) {}

  /**
   * Levels of one running sandbox.
   *
   * @param memoryBytes memory in use
   * @param memoryLimitBytes its limit
   * @param memoryCacheBytes the part of {@code memoryBytes} that caches files
   * @param cpuNanos CPU time used
   * @param cpuMillis its limit in thousandths of a CPU, 0 for none
   * @param pids processes and threads
   * @param oomKills processes ended by the memory limit
   * @param forksRefused processes refused by the process limit
   * @param diskFree bytes that its disk has room for
   * @param inodesFree files that its disk has room for
   */
  public record Stats(
      long memoryBytes,
      long memoryLimitBytes,
      long memoryCacheBytes,
      long cpuNanos,
      long cpuMillis,
      long pids,
      long oomKills,
      long forksRefused,
      long diskFree,
      long inodesFree) {}

  /**
   * What {@link #start} is asked for.
   *
   * @param sandbox id
   * @param slot slot, completely made
   * @param disk disk; made when it does not exist
   * @param shelf shelved disk to make it from, or {@link #NO_SHELF}
   * @param layers read-only layers, lowest first
   * @param tools layer of the platform's own programs at {@code /.daytona}, or {@link #NO_TOOLS}
   * @param cpuMillis thousandths of a CPU
   * @param memoryMib memory in MiB
   * @param pids processes and threads at most
   * @param diskGib size of the disk in GiB
   * @param profile {@code default} or {@code restricted}
   */
  public record Start(
      String sandbox,
      int slot,
      String disk,
      String shelf,
      List<String> layers,
      String tools,
      int cpuMillis,
      int memoryMib,
      int pids,
      int diskGib,
      String profile) {

    /** Copies the layers. */
    public Start {
      layers = List.copyOf(layers);
    }

    String line() {
      return "start %s %d %s %s %s %s %d %d %d %d %s"
          .formatted(
              sandbox,
              slot,
              disk,
              shelf,
              String.join(",", layers),
              tools,
              cpuMillis,
              memoryMib,
              pids,
              diskGib,
              profile);
    }
  }

  /** Version handshake and free space of the pool. */
  public Hello hello() {
    return link.exchange(
        QUICK,
        (connection, repeated) -> {
          Answer answer = ask(connection, "hello");
          return new Hello(
              Numbers.parse(answer.text("protocol"), 0, Integer.MAX_VALUE),
              Printable.of(answer.text("version")),
              Numbers.parse(answer.text("slots"), 1, 1024),
              answer.number("data"),
              answer.number("pool_total"));
        });
  }

  /** Makes a slot; a complete one is fine. */
  public void slotMake(int slot) {
    call(QUICK, "slot-make " + slot);
  }

  /** Undoes a slot; an absent one is fine. */
  public void slotDrop(int slot) {
    call(QUICK, "slot-drop " + slot);
  }

  /** Makes an empty disk. */
  public void diskMake(String disk, int gib) {
    call(SLOW, "disk-make " + disk + " " + gib);
  }

  /** Copies an unmounted or frozen disk. */
  public void diskClone(String from, String to) {
    copy("disk-clone", from, to);
  }

  /** Copies a disk, in use or not; a sandbox that uses it stands still meanwhile. */
  public void diskCapture(String from, String to) {
    copy("disk-capture", from, to);
  }

  private void copy(String verb, String from, String to) {
    link.exchange(
        SLOW,
        (connection, repeated) -> {
          try {
            ask(connection, verb + " " + from + " " + to);
            return true;
          } catch (JailerException e) {
            if (repeated && e.code() == JailerCode.EXISTS) {
              return true; // the attempt whose answer was lost made it; copies appear whole
            }
            throw e;
          }
        });
  }

  /** Grows an unmounted disk. */
  public void diskGrow(String disk, int gib) {
    call(SLOW, "disk-grow " + disk + " " + gib);
  }

  /** Removes a disk; an absent one is fine. */
  public void diskDrop(String disk) {
    try {
      call(SLOW, "disk-drop " + disk);
    } catch (JailerException e) {
      if (e.code() != JailerCode.ABSENT) {
        throw e;
      }
    }
  }

  /** Unpacks a tar into a new layer; returns when it is sealed. An existing layer is fine. */
  public void layerImport(String layer, Path tar) throws IOException {
    try (FileChannel file = FileChannel.open(tar, StandardOpenOption.READ)) {
      long size = file.size();
      link.exchangeAlone(
          IMPORT,
          (connection, repeated) -> {
            connection.send("layer-import " + layer + " " + size);
            return importAnswer(connection, file, size);
          });
    } catch (JailerException e) {
      if (e.code() != JailerCode.EXISTS) {
        throw e;
      }
    }
  }

  private static Answer importAnswer(JailerConnection connection, FileChannel file, long size)
      throws IOException {
    try {
      connection.send(file, size);
    } catch (IOException e) {
      // A jailer that refuses answers and closes while we still send: its answer is the reason.
      try {
        return Answer.parse(connection.receive());
      } catch (IOException answerless) {
        e.addSuppressed(answerless);
        throw e;
      }
    }
    return Answer.parse(connection.receive());
  }

  /** Removes a layer that nothing mounts; an absent one is fine. */
  public void layerDrop(String layer) {
    call(SLOW, "layer-drop " + layer);
  }

  /** Starts a sandbox, or finds it running in the same slot. */
  public Started start(Start start) {
    return link.exchange(
        QUICK,
        (connection, repeated) -> {
          Answer answer = ask(connection, start.line());
          return new Started(answer.number("pid"), answer.number("start"));
        });
  }

  /** Ends everything of a sandbox but its slot and disk; one that does not run is fine. */
  public void kill(String sandbox) {
    call(QUICK, "kill " + sandbox);
  }

  /** Gives what is free on a running sandbox's disk back to the pool. */
  public void trim(String sandbox) {
    call(SLOW, "trim " + sandbox);
  }

  /** Reads the levels of a running sandbox. */
  public Stats stats(String sandbox) {
    return link.exchange(
        QUICK,
        (connection, repeated) -> {
          Answer answer = ask(connection, "stats " + sandbox);
          return new Stats(
              answer.number("memory"),
              answer.number("memory_limit"),
              answer.number("memory_cache"),
              answer.number("cpu_ns"),
              answer.number("cpu_millis"),
              answer.number("pids"),
              answer.number("oom_kills"),
              answer.number("forks_refused"),
              answer.number("disk_free"),
              answer.number("inodes_free"));
        });
  }

  /** Everything that exists. */
  public Inventory list() {
    return link.exchange(
        QUICK,
        (connection, repeated) -> {
          connection.send("list");
          Inventory.Parser parser = new Inventory.Parser();
          for (int i = 0; i < MAX_LIST_LINES; i++) {
            String line = connection.receive();
            if (line.equals("ok") || line.startsWith("error ")) {
              Answer.parse(line);
              return parser.finish();
            }
            parser.line(line);
          }
          throw new ProtocolException("a list of more than " + MAX_LIST_LINES + " lines");
        });
  }

  /** Follows the jailer's events until the returned stream is closed. */
  public JailerEvents events(JailerEvents.Listener listener) {
    return new JailerEvents(link, listener);
  }

  private void call(Duration limit, String line) {
    link.exchange(limit, (connection, repeated) -> ask(connection, line));
  }

  private static Answer ask(JailerConnection connection, String line) throws IOException {
    connection.send(line);
    return Answer.parse(connection.receive());
  }

  @Override
  public void close() {
    link.close();
  }
}
