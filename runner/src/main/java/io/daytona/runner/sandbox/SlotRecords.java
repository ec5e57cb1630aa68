package io.daytona.runner.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.daytona.runner.jailer.Inventory;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must be remembered of used slots when the server is killed: one small file per slot.
 *
 * <p>A slot that has a file had a sandbox, whose root may have changed its network namespace: it is
 * never used again but destroyed. The file also says who the programs of the running sandbox are,
 * which nobody outside could ask later. Nothing is synced to the disk: slots end with the host.
 */
final class SlotRecords {
  private static final Logger LOG = LoggerFactory.getLogger(SlotRecords.class);

  private static final Duration NOTE_RETRY = Duration.ofSeconds(10);

  private final Path directory;
  private final ObjectMapper json = new ObjectMapper();

  /**
   * One file.
   *
   * @param sandbox the sandbox that uses the slot
   * @param identity null until the start is complete
   */
  record Entry(String sandbox, @Nullable Identity identity) {}

  SlotRecords(Path directory) {
    this.directory = directory;
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw DaytonaException.of(
          ErrorKind.INTERNAL,
          "The directory "
              + directory
              + " is missing. Make it, owned by the server's user, mode 0700",
          e);
    }
  }

  /** Remembers that a slot is used, before the sandbox starts. */
  void used(int slot, String sandbox) {
    write(slot, new Entry(sandbox, null));
  }

  /** Remembers who the programs of a running sandbox are. */
  void identified(int slot, String sandbox, Identity identity) {
    write(slot, new Entry(sandbox, identity));
  }

  private void write(int slot, Entry entry) {
    try {
      Path half = directory.resolve(slot + ".tmp");
      Files.write(half, json.writeValueAsBytes(entry));
      Files.move(half, file(slot), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new DaytonaException(
          ErrorKind.UNAVAILABLE,
          ErrorKind.UNAVAILABLE.code(),
          "This host could not note the use of a slot: the disk of its data directory is full or"
              + " broken. Its operator must make room on it",
          NOTE_RETRY,
          e);
    }
  }

  /** Forgets a slot that was destroyed. */
  void forget(int slot) {
    try {
      Files.deleteIfExists(file(slot));
    } catch (IOException e) {
      throw DaytonaException.of(
          ErrorKind.INTERNAL, "This host could not forget a slot: " + e.getMessage(), e);
    }
  }

  /** All used slots; an unreadable file still says that its slot was used. */
  Map<Integer, Entry> load() {
    Map<Integer, Entry> entries = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.matches("[1-9][0-9]{0,3}")) {
          entries.put(Integer.valueOf(name), read(file));
        }
      }
    } catch (IOException e) {
      throw DaytonaException.of(
          ErrorKind.INTERNAL, "This host could not read " + directory + ": " + e.getMessage(), e);
    }
    return entries;
  }

  private Entry read(Path file) throws IOException {
    try {
      Entry entry = json.readValue(Files.readAllBytes(file), Entry.class);
      return entry == null ? new Entry("", null) : entry;
    } catch (JsonProcessingException e) {
      LOG.warn("the record {} is unreadable: {}", file, e.getOriginalMessage());
      return new Entry("", null);
    }
  }

  /** The identity of a running sandbox, if its start was complete. */
  static @Nullable Identity identityOf(Inventory.Running running, Map<Integer, Entry> entries) {
    Entry entry = entries.get(running.slot());
    return entry == null || !entry.sandbox().equals(running.id()) ? null : entry.identity();
  }

  private Path file(int slot) {
    return directory.resolve(Integer.toString(slot));
  }
}
