package io.daytona.control.paging;

import io.daytona.http.Call;

/**
 * A page of a list (control-plane protocol §4.2).
 *
 * @param page number of the page, from 1
 * @param limit items of a page, 1…200
 */
public record Paging(int page, int limit) {
  private static final int LARGEST = 200;
  private static final int USUAL = 100;

  /**
   * Reads {@code page} and {@code limit}.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 out of range
   */
  public static Paging of(Call<?> call) {
    return new Paging(QueryValues.integer(call, "page", 1, 1, Integer.MAX_VALUE), limit(call));
  }

  /** Reads {@code limit} alone. */
  public static int limit(Call<?> call) {
    return QueryValues.integer(call, "limit", USUAL, 1, LARGEST);
  }

  /** Items before this page. */
  public long offset() {
    return (page - 1L) * limit;
  }

  /** Pages that hold a number of items. */
  public int pages(long total) {
    return (int) ((total + limit - 1) / limit);
  }
}
