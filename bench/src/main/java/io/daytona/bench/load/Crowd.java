package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.run.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;

/** Many of something at once. */
final class Crowd {
  private static final int GENTLE = 8;

  private Crowd() {}

  /**
   * What came of many calls.
   *
   * @param made what those that succeeded returned
   * @param failures how many did not
   */
  record Result<T>(List<T> made, int failures) {}

  /** Does something many times, all at once. */
  static <T> Result<T> atOnce(Run run, int times, IntFunction<T> action) {
    return bounded(run, times, times, action);
  }

  /** Sandboxes, made a few at a time. */
  static Result<Api.Sandbox> sandboxes(Run run, int number) {
    return bounded(run, number, GENTLE, _ -> run.api().create(Run.SNAPSHOT));
  }

  /** Deletes sandboxes, a few at a time. */
  static void delete(Run run, List<Api.Sandbox> sandboxes) {
    bounded(
        run,
        sandboxes.size(),
        GENTLE,
        n -> {
          run.api().delete(sandboxes.get(n).id());
          return n;
        });
  }

  /** Does something many times, a number of them at once. */
  static <T> Result<T> bounded(Run run, int times, int atOnce, IntFunction<T> action) {
    List<T> made = new ArrayList<>();
    int failures = 0;
    Semaphore places = new Semaphore(atOnce);
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> all = new ArrayList<>();
      for (int n = 0; n < times; n++) {
        int number = n;
        all.add(
            pool.submit(() -> {
              places.acquire();
              try {
                return action.apply(number);
              } finally {
                places.release();
              }
            }));
      }
      for (Future<T> one : all) {
        try {
          made.add(one.get());
        } catch (ExecutionException e) {
          failures++;
          run.say("failed: " + e.getCause());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted", e);
        }
      }
    }
    return new Result<>(made, failures);
  }
}
