package io.daytona.runner.storage;

import java.util.List;
import java.util.Optional;

/**
 * The writable disks of sandboxes on one host. All operations block and may be repeated.
 *
 * <p>Failures are {@link io.daytona.runner.jailer.JailerException}s with a code, or a {@link
 * io.daytona.wire.error.DaytonaException} with 503 when the store does not answer.
 */
public interface RootStore {

  /**
   * A disk.
   *
   * @param id its name: a sandbox's id, or a name of the store's own for a shelved one
   * @param gib size in GiB
   * @param allocatedKib space it takes in the pool in KiB
   * @param shelved whether it is an empty disk without an owner
   */
  record Disk(String id, int gib, long allocatedKib, boolean shelved) {}

  /**
   * Levels of the pool.
   *
   * @param freeKib free space in KiB
   * @param totalKib size in KiB
   */
  record Space(long freeKib, long totalKib) {}

  /** Makes an empty disk ahead of its owner and puts it on the shelf. */
  void shelve(int gib);

  /** Empty disks of a size on the shelf. */
  int shelved(int gib);

  /**
   * Takes an empty disk of a size from the shelf, for nobody else; empty when there is none. The
   * jailer's {@code start} gives it its owner's name.
   */
  Optional<String> claim(int gib);

  /** Puts a claimed disk back on the shelf if it still has no owner. */
  void unclaim(String shelved);

  /** Makes an empty disk; the same again is fine, another size is refused. */
  void make(String disk, int gib);

  /** Copies a disk that is not in use. */
  void clone(String from, String to);

  /** Grows a disk that is not in use; shrinking is refused. */
  void grow(String disk, int gib);

  /** Removes a disk; an absent one is fine. */
  void drop(String disk);

  /** All disks. */
  List<Disk> list();

  /** Levels of the pool. */
  Space space();
}
