package io.daytona.wire.admission;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;

/** What clients are told whose demand was not met: the cause, and what to do. */
final class Sentences {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private Sentences() {}

  /**
   * The error.
   *
   * @param ownShare whether the organization's own share is what is full
   * @param what what there is too much of, in the plural
   * @param patience how long it waited, or would have
   */
  static DaytonaException of(Refusal reason, boolean ownShare, String what, Duration patience) {
    return switch (reason) {
      case QUEUE_FULL ->
          DaytonaException.unavailable(
              "The server is busy: too many %s. Try again in a few seconds".formatted(what),
              RETRY_AFTER);
      case SHARE_FULL -> ownShare(what);
      case LATE ->
          ownShare
              ? ownShare(what)
              : DaytonaException.unavailable(
                  "The server is busy: too many %s, and no turn came within %d seconds. Try again in a few seconds"
                      .formatted(what, patience.toSeconds()),
                  RETRY_AFTER);
      case LEFT ->
          DaytonaException.of(
              ErrorKind.REQUEST_TIMEOUT, Bulkhead.LEFT, "The client left before its turn came");
      case STOPPING ->
          DaytonaException.unavailable(
              "The server is stopping. Try again in a few seconds", RETRY_AFTER);
    };
  }

  private static DaytonaException ownShare(String what) {
    return DaytonaException.tooMany(
        "Your organization has its share of the server: too many %s. Let some of them end and try again"
            .formatted(what),
        RETRY_AFTER);
  }
}
