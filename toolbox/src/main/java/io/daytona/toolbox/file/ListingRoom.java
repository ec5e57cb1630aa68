package io.daytona.toolbox.file;

import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory of one listing. A listing is sorted, so all of it is in memory until it is sent: its
 * size is bounded, and all listings together take a bounded part of the heap.
 */
final class ListingRoom implements AutoCloseable {
  /** Entries of one listing. */
  static final int MAX_ENTRIES = 100_000;

  /**
   * Characters of all paths of one listing: a path has up to 4 KiB, and what the file tool says is
   * data of the sandbox.
   */
  static final long MAX_TEXT = 16L << 20;

  /** What a usual directory has is listed whoever lists large ones. */
  private static final int FREE_ENTRIES = 1_000;

  private static final long FREE_TEXT = 256L << 10;

  /** Bytes of an entry besides its texts. */
  private static final int ENTRY = 400;

  /** One of the largest, or a quarter of the heap. */
  private static final AtomicLong LEFT =
      new AtomicLong(
          Math.max(
              MAX_ENTRIES * (long) ENTRY + 2 * MAX_TEXT, Runtime.getRuntime().maxMemory() / 4));

  private int entries = MAX_ENTRIES;
  private long text = MAX_TEXT;
  private long taken;

  /**
   * Makes room for an entry.
   *
   * @param characters of its path and its name
   * @throws DaytonaException 400 when the listing is too large, 503 when others are under way
   */
  void take(long characters) {
    text -= characters;
    if (--entries < 0 || text < 0) {
      throw ToolboxError.badRequest(
          "more than "
              + MAX_ENTRIES
              + " entries, or paths of more than "
              + MAX_TEXT
              + " characters together; list a directory below or use a smaller depth");
    }
    if (entries >= MAX_ENTRIES - FREE_ENTRIES && text >= MAX_TEXT - FREE_TEXT) {
      return;
    }
    long bytes = ENTRY + 2 * characters;
    if (LEFT.addAndGet(-bytes) < 0) {
      LEFT.addAndGet(bytes);
      throw DaytonaException.unavailable(
          "Too many large directories are being listed; try again shortly.", Duration.ofSeconds(1));
    }
    taken += bytes;
  }

  @Override
  public void close() {
    LEFT.addAndGet(taken);
    taken = 0;
  }
}
