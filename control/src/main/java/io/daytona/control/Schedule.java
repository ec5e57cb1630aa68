package io.daytona.control;

import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats jobs; a job that fails is logged and tried again at its next time. */
final class Schedule implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Schedule.class);
  private static final int THREADS = 3;
  private static final long CLOSE_SECONDS = 5;

  // A job that puts itself off while this is being closed is dropped.
  private final ScheduledExecutorService threads =
      new ScheduledThreadPoolExecutor(
          THREADS,
          Thread.ofPlatform().daemon().name("schedule-", 0).factory(),
          new ThreadPoolExecutor.DiscardPolicy());

  /** A job. */
  interface Job {
    void run() throws InterruptedException;
  }

  /** Runs a job now and then with this pause between the end of one run and the next. */
  void every(Duration pause, String name, Job job) {
    // The attempt reports its own failures, so nobody has to ask the future for them.
    ScheduledFuture<?> _ =
        threads.scheduleWithFixedDelay(
            () -> attempt(name, job), pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Runs a job after a pause, once. */
  void after(Duration pause, String name, Job job) {
    ScheduledFuture<?> _ =
        threads.schedule(() -> attempt(name, job), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void attempt(String name, Job job) {
    try {
      job.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DaytonaException e) {
      LOG.warn("{} is put off: {}", name, e.sentence());
    } catch (RuntimeException | Error e) {
      LOG.error("{} failed, trying again", name, e);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a scheduled job is still running");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
