package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What the client of a create or start waits for. Once PostgreSQL has been told how it ended, that
 * is the answer; when that takes too long, what is known by then.
 */
final class Answer {
  // Control-plane protocol §2.1 and §3.2: the reply shows the state of then.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final CompletableFuture<Sandbox> row = new CompletableFuture<>();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private volatile @Nullable DaytonaException ahead;

  /** The row says that it is being made or started. */
  void recorded(Sandbox sandbox) {
    row.complete(sandbox);
  }

  /** The row could not be written. */
  void unrecorded(Throwable why) {
    row.completeExceptionally(why);
  }

  /** Waits for the row; why it could not be written, or null. */
  @Nullable Throwable unrecorded() {
    return row.handle((made, why) -> why).join();
  }

  /** It has ended like this, and the row says so. */
  void is(Outcome ended) {
    outcome.complete(ended);
  }

  /** It has ended like this, and the row will say so when PostgreSQL answers. */
  void willBe(DaytonaException why) {
    ahead = why;
  }

  /** It has failed. */
  void failed(Throwable why) {
    outcome.completeExceptionally(why);
  }

  /**
   * Waits for it, for 30 s at most.
   *
   * @throws DaytonaException why it failed; 503 when not even its row could be written by then
   */
  Outcome await() throws InterruptedException {
    try {
      return outcome.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return known();
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  private Outcome known() {
    DaytonaException why = ahead;
    if (why != null) {
      throw why;
    }
    if (row.isDone() && !row.isCompletedExceptionally()) {
      return Outcome.of(row.resultNow());
    }
    throw DaytonaException.unavailable(
        "The sandbox could not be recorded yet. Try again in a few seconds", Duration.ofSeconds(5));
  }

  private static RuntimeException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case DaytonaException refusal -> refusal;
      case RuntimeException failure -> failure;
      case Error error -> throw error;
      case null, default -> new IllegalStateException("an operation failed", cause);
    };
  }
}
