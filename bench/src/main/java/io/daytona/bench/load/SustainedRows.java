package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Sandboxes created and deleted without a break. */
public final class SustainedRows {
  private static final int CLIENTS = 4;

  private SustainedRows() {}

  /** Measures them. */
  public static List<Row> measure(Run run) {
    Duration time = run.sizes().sustained();
    run.say("create and delete for " + time.toSeconds() + " s, " + CLIENTS + " clients");
    Samples each = new Samples();
    AtomicInteger failures = new AtomicInteger();
    double rate =
        rate(
            run,
            time,
            failures,
            () ->
                each.time(() -> {
                  Api.Sandbox sandbox = run.api().create(Run.SNAPSHOT);
                  run.api().delete(sandbox.id());
                }));
    String name = "create and delete, " + CLIENTS + " clients, for " + time.toSeconds() + " s";
    Samples spawn = run.bare().measure("spawn", 50);
    Row row =
        Row.figure(name, "1/s", rate, failures.get())
            .beside(Reference.of("fork and exec, one client", 1000 / spawn.millis(0.5)));
    Samples theirs = new Samples();
    row =
        run.besideDocker(
            row,
            docker -> {
              AtomicInteger failed = new AtomicInteger();
              double figure =
                  rate(
                      run,
                      time.dividedBy(3),
                      failed,
                      () ->
                          theirs.time(() -> {
                            String container = docker.run();
                            docker.remove(List.of(container));
                          }));
              return Reference.of("docker run -d, rm -f; " + failed + " failed", figure);
            });
    return List.of(
        row,
        Row.latency("each of these: create, delete", each, failures.get())
            .beside(Reference.of("fork and exec", spawn))
            .besideDocker(Reference.of("docker run -d, rm -f", theirs)));
  }

  private static double rate(Run run, Duration time, AtomicInteger failures, Runnable action) {
    long begin = System.nanoTime();
    AtomicInteger done = new AtomicInteger();
    Crowd.atOnce(
        run,
        CLIENTS,
        n -> {
          while (System.nanoTime() - begin < time.toNanos()) {
            try {
              action.run();
              done.incrementAndGet();
            } catch (RuntimeException e) {
              failures.incrementAndGet();
              run.say("failed: " + e);
            }
          }
          return n;
        });
    return done.get() / ((System.nanoTime() - begin) / 1e9);
  }
}
