package io.daytona.toolbox.file;

import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.admission.Limits;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;

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

  /** What is taken at once, so that a large listing asks some tens of times. */
  private static final long BLOCK = 1L << 20;

  private static final int QUEUE = 256;

  private final Bulkhead.Hold hold;
  private final Bulkhead.Caller caller;
  private int entries = MAX_ENTRIES;
  private long text = MAX_TEXT;
  private long ahead;

  /**
   * @param all what all listings together may take, of {@link #ofHeap}
   * @param organization whose listing it is
   * @param caller who waits for room
   */
  ListingRoom(Bulkhead all, String organization, Bulkhead.Caller caller) {
    this.hold = all.hold(organization);
    this.caller = caller;
  }

  /**
   * What all listings may take: a quarter of the heap, and one of the largest is within the share
   * of one organization.
   *
   * @param percent of it that one organization may have
   * @param patience how long a listing waits for more
   */
  static Bulkhead ofHeap(int percent, Duration patience) {
    long largest = MAX_ENTRIES * (long) ENTRY + 2 * MAX_TEXT + BLOCK;
    long bytes = Math.max(largest * 100 / percent, Runtime.getRuntime().maxMemory() / 4);
    return new Bulkhead(
        "listings",
        "large directories that are being listed",
        Limits.of(bytes, QUEUE, patience, percent));
  }

  /**
   * Makes room for an entry; a large listing waits for it while others are under way.
   *
   * @param characters of its path and its name
   * @throws DaytonaException 400 when the listing is too large, 503 or 429 when no room came in
   *     time
   */
  void take(long characters) throws InterruptedException {
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
    if (bytes > ahead) {
      long block = Math.max(bytes, BLOCK);
      hold.take(block, caller);
      ahead += block;
    }
    ahead -= bytes;
  }

  @Override
  public void close() {
    hold.close();
    ahead = 0;
  }
}
