package io.daytona.http;

import org.jspecify.annotations.Nullable;

/** Counts and measures what a listener answers, refused requests included. */
@FunctionalInterface
public interface RequestMeter {
  /** Measures nothing. */
  RequestMeter NONE = (operation, status, code, nanos) -> {};

  /**
   * A reply has been written or has failed, or a WebSocket has been opened; called once for each
   * request but preflights, on any thread; must not block.
   *
   * @param operation operation id of the row that served it; null when it came to none
   * @param status HTTP status
   * @param code wire code of the error; null when it was no error of ours
   * @param nanos time from the first byte of the request on
   */
  void ended(@Nullable String operation, int status, @Nullable String code, long nanos);
}
