package io.daytona.server.metrics;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.RunnerStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The host's levels, asked within a bounded time: a host that is away must not end a scrape. */
final class HostLevels {
  private static final Logger LOG = LoggerFactory.getLogger(HostLevels.class);

  private final Supplier<RunnerStatus> source;
  private final Duration patience;
  private CompletableFuture<RunnerStatus> asked = CompletableFuture.failedFuture(new Unasked());

  /** Nobody has asked yet. */
  private static final class Unasked extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param source asks the host, may block and fail
   * @param patience how long a scrape waits for it
   */
  HostLevels(Supplier<RunnerStatus> source, Duration patience) {
    this.source = source;
    this.patience = patience;
  }

  /** The levels; empty when the host does not tell them in time. */
  synchronized Optional<RunnerStatus> current() {
    // A question without an answer yet is not asked again: they would pile up.
    if (asked.isDone()) {
      asked = CompletableFuture.supplyAsync(source, Thread::startVirtualThread);
    }
    try {
      return Optional.of(asked.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      LOG.warn("the host has not told its levels within {}", patience);
    } catch (ExecutionException e) {
      LOG.warn("the host does not tell its levels: {}", sentence(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private static String sentence(@Nullable Throwable cause) {
    return cause instanceof DaytonaException known ? known.sentence() : String.valueOf(cause);
  }
}
