package io.daytona.runner.jailer;

import io.daytona.wire.runner.ExitCause;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What exists on this host according to the jailer's {@code list}.
 *
 * @param slots completely made slots, ascending
 * @param addresses their addresses
 * @param disks disks, shelved ones too
 * @param layers imported layers
 * @param sandboxes sandboxes that run
 * @param ended sandboxes whose first process has ended, of which mounts or files are left; also
 *     those that are just being started
 * @param poolFull those of them that the jailer ended because they filled the pool
 */
public record Inventory(
    List<Integer> slots,
    Map<Integer, String> addresses,
    List<Disk> disks,
    List<String> layers,
    List<Running> sandboxes,
    List<Running> ended,
    Set<String> poolFull) {
  static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,39}");
  private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  private static final Pattern LAYER = Pattern.compile("[a-z0-9]{8,64}");
  private static final int MAX_SLOT = 1023;
  private static final int MAX_GIB = 100;

  /** Copies the lists. */
  public Inventory {
    slots = List.copyOf(slots);
    addresses = Map.copyOf(addresses);
    disks = List.copyOf(disks);
    layers = List.copyOf(layers);
    sandboxes = List.copyOf(sandboxes);
    ended = List.copyOf(ended);
    poolFull = Set.copyOf(poolFull);
  }

  /**
   * A disk.
   *
   * @param id its name
   * @param gib size that a sandbox sees, in GiB
   * @param allocatedKib space it takes in the pool, in KiB
   */
  public record Disk(String id, int gib, long allocatedKib) {}

  /**
   * A sandbox that runs or ran.
   *
   * @param id its id
   * @param slot its slot
   * @param pid its first process as the host numbers it
   * @param startTicks start time of that process in clock ticks since boot
   */
  public record Running(String id, int slot, long pid, long startTicks) {}

  /** The running sandbox of an id. */
  public Optional<Running> sandbox(String id) {
    return sandboxes.stream().filter(running -> running.id().equals(id)).findFirst();
  }

  /** Why a sandbox that does not run any more ended, as far as the jailer knows. */
  public ExitCause causeOfEnd(String id) {
    return poolFull.contains(id) ? ExitCause.POOL_FULL : ExitCause.ENDED;
  }

  /** Collects the lines of a {@code list}. */
  static final class Parser {
    private final List<Integer> slots = new ArrayList<>();
    private final Map<Integer, String> addresses = new HashMap<>();
    private final List<Disk> disks = new ArrayList<>();
    private final List<String> layers = new ArrayList<>();
    private final List<Running> sandboxes = new ArrayList<>();
    private final List<Running> ended = new ArrayList<>();
    private final Set<String> poolFull = new HashSet<>();

    void line(String line) throws ProtocolException {
      String[] words = line.split(" ", -1);
      switch (words[0]) {
        case "slot" -> {
          expect(line, words, 3);
          int slot = Numbers.parse(words[1], 0, MAX_SLOT);
          slots.add(slot);
          addresses.put(slot, id(words[2], ADDRESS));
        }
        case "disk" -> {
          expect(line, words, 4);
          disks.add(
              new Disk(
                  id(words[1], ID), Numbers.parse(words[2], 0, MAX_GIB), Numbers.parse(words[3])));
        }
        case "layer" -> {
          expect(line, words, 2);
          layers.add(id(words[1], LAYER));
        }
        case "sandbox" -> sandbox(line, words);
        default -> throw new ProtocolException("unknown line of a list: " + Printable.of(line));
      }
    }

    private void sandbox(String line, String[] words) throws ProtocolException {
      if (words.length < 3) {
        throw new ProtocolException("malformed line of a list: " + Printable.of(line));
      }
      Answer values = new Answer(Answer.words(line, words[0].length() + words[1].length() + 2));
      Running found =
          new Running(
              id(words[1], ID),
              Numbers.parse(values.text("slot"), 0, MAX_SLOT),
              values.number("pid"),
              values.number("start"));
      switch (values.text("state")) {
        case "running" -> sandboxes.add(found);
        case "exited" -> ended.add(found);
        case "pool_full" -> {
          ended.add(found);
          poolFull.add(found.id());
        }
        default -> throw new ProtocolException("unknown state in a list: " + Printable.of(line));
      }
    }

    private static void expect(String line, String[] words, int count) throws ProtocolException {
      if (words.length != count) {
        throw new ProtocolException("malformed line of a list: " + Printable.of(line));
      }
    }

    private static String id(String word, Pattern pattern) throws ProtocolException {
      if (!pattern.matcher(word).matches()) {
        throw new ProtocolException("malformed id in a list: " + Printable.of(word));
      }
      return word;
    }

    Inventory finish() {
      return new Inventory(slots, addresses, disks, layers, sandboxes, ended, poolFull);
    }
  }
}
