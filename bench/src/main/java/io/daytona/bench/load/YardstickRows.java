package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The field's public yardstick: from {@code create()} to the output of a first {@code node -v}; one
 * after another, staggered, and at once.
 */
public final class YardstickRows {
  private static final Duration STAGGER = Duration.ofMillis(200);
  private static final String COMMAND = "node -v";

  private YardstickRows() {}

  /** How the calls follow each other. */
  private enum Mode {
    ONE_BY_ONE("one after another"),
    STAGGERED("staggered by " + STAGGER.toMillis() + " ms"),
    AT_ONCE("at once");

    final String says;

    Mode(String says) {
      this.says = says;
    }
  }

  /**
   * What came of one mode.
   *
   * @param samples durations of the calls that succeeded
   * @param failures how many did not
   */
  private record Outcome(Samples samples, int failures) {
    double score() {
      return Score.of(samples, failures);
    }
  }

  /** Measures them. */
  public static List<Row> measure(Run run) {
    Reference node = bare(run);
    List<Row> rows = new ArrayList<>();
    for (Mode mode : Mode.values()) {
      int times = run.sizes().crowd();
      run.say("yardstick: " + times + " " + mode.says);
      Outcome ours = ours(run, mode, times);
      String name = "yardstick, " + times + " " + mode.says;
      List<Outcome> theirs = new ArrayList<>();
      Row latency =
          run.besideDocker(
              Row.latency(name + ": create → node -v", ours.samples(), ours.failures())
                  .beside(node),
              docker -> {
                theirs.add(docker(run, docker, mode, times));
                return Reference.of(
                    "docker run -d, exec; " + theirs.getFirst().failures() + " failed",
                    theirs.getFirst().samples());
              });
      rows.add(latency);
      Row score = Row.figure(name + ": score", "points", ours.score(), ours.failures());
      rows.add(
          theirs.isEmpty()
              ? score
              : score.besideDocker(Reference.of("the same", theirs.getFirst().score())));
    }
    return rows;
  }

  private static Reference bare(Run run) {
    Api.Sandbox sandbox = run.api().create(Run.SNAPSHOT);
    try {
      return Reference.of(
          "node -v by itself", run.bare(sandbox, "node", Math.clamp(run.count(), 3, 20)));
    } finally {
      run.api().delete(sandbox.id());
    }
  }

  private static Outcome ours(Run run, Mode mode, int times) {
    ConcurrentLinkedQueue<String> made = new ConcurrentLinkedQueue<>();
    Outcome outcome =
        outcome(
            run,
            mode,
            times,
            () -> {
              Api.Sandbox sandbox = run.api().create(Run.SNAPSHOT);
              made.add(sandbox.id());
              return run.api().execute(sandbox, COMMAND);
            });
    List<String> ids = List.copyOf(made);
    Crowd.bounded(
        run,
        ids.size(),
        8,
        n -> {
          run.api().delete(ids.get(n));
          return n;
        });
    return outcome;
  }

  private static Outcome docker(Run run, DockerEngine docker, Mode mode, int times) {
    ConcurrentLinkedQueue<String> made = new ConcurrentLinkedQueue<>();
    int samples = mode == Mode.ONE_BY_ONE ? Math.min(times, DockerFigures.MOST) : times;
    Outcome outcome =
        outcome(
            run,
            mode,
            samples,
            () -> {
              String container = docker.run();
              made.add(container);
              return docker.docker("exec", container, "node", "-v");
            });
    docker.remove(List.copyOf(made));
    return outcome;
  }

  /** Something that answers with the version. */
  @FunctionalInterface
  private interface Call {
    String version();
  }

  private static Outcome outcome(Run run, Mode mode, int times, Call call) {
    Samples samples = new Samples();
    long begin = System.nanoTime();
    Crowd.Result<Integer> result =
        Crowd.bounded(
            run,
            times,
            mode == Mode.ONE_BY_ONE ? 1 : times,
            n -> {
              if (mode == Mode.STAGGERED) {
                sleepUntil(begin + STAGGER.toNanos() * n);
              }
              long from = System.nanoTime();
              String answer = call.version();
              long took = System.nanoTime() - from;
              if (!answer.startsWith("v")) {
                throw new IllegalStateException("node -v answered " + answer);
              }
              samples.add(took);
              return n;
            });
    return new Outcome(samples, result.failures());
  }

  private static void sleepUntil(long nanos) {
    try {
      Thread.sleep(Duration.ofNanos(Math.max(0, nanos - System.nanoTime())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
