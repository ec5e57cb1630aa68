package io.daytona.runner.jailer;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Closes connections that take too long; a Unix socket channel has no timeout of its own. */
final class Watchdog implements AutoCloseable {
  private final ScheduledThreadPoolExecutor timer;

  Watchdog() {
    timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("jailer-watchdog").factory());
    timer.setRemoveOnCancelPolicy(true);
  }

  /**
   * Closes the connection after the time unless the guard is closed first.
   *
   * @throws ClosedChannelException when nothing is watched any more
   */
  Guard over(JailerConnection connection, Duration time) throws ClosedChannelException {
    try {
      ScheduledFuture<?> task =
          timer.schedule(connection::close, time.toNanos(), TimeUnit.NANOSECONDS);
      return () -> task.cancel(false);
    } catch (RejectedExecutionException e) {
      ClosedChannelException closed = new ClosedChannelException();
      closed.initCause(e);
      throw closed;
    }
  }

  /** Ends the watch over one exchange. */
  interface Guard extends AutoCloseable {
    @Override
    void close();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
