package io.daytona.bench.sandbox;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import java.util.ArrayList;
import java.util.List;

/** A sandbox from its create to its delete, one at a time. */
public final class LifeRows {
  private static final int WARM_UPS = 20;

  private final Samples created = new Samples();
  private final Samples output = new Samples();
  private final Samples stopped = new Samples();
  private final Samples started = new Samples();
  private final Samples deleted = new Samples();

  private LifeRows() {}

  /** Measures them. */
  public static List<Row> measure(Run run) {
    Api api = run.api();
    run.say("warming up: " + WARM_UPS + " life cycles");
    for (int turn = 0; turn < WARM_UPS; turn++) {
      Api.Sandbox sandbox = api.create(Run.SNAPSHOT);
      api.execute(sandbox, "true");
      api.delete(sandbox.id());
    }
    run.say("create, first output, stop, start, delete: " + run.count() + " each");
    LifeRows ours = new LifeRows();
    for (int turn = 0; turn < run.count(); turn++) {
      ours.live(api);
    }
    List<Row> rows =
        List.of(
            Row.latency("create → started", ours.created, 0, 20, 50),
            Row.latency("create → first output", ours.output, 0, 25, 60),
            Row.latency("stop of a running sandbox (answered)", ours.stopped, 0, 15, Double.NaN),
            Row.latency("start of a stopped sandbox", ours.started, 0, 20, Double.NaN),
            Row.latency("delete of a running sandbox (answered)", ours.deleted, 0, 15, Double.NaN));
    Reference spawn = run.spawn();
    rows = rows.stream().map(row -> row.beside(spawn)).toList();
    return run.docker().isEmpty() ? rows : besideDocker(run, rows);
  }

  private void live(Api api) {
    long begin = System.nanoTime();
    Api.Sandbox sandbox = api.create(Run.SNAPSHOT);
    created.add(System.nanoTime() - begin);
    api.execute(sandbox, "echo 1");
    output.add(System.nanoTime() - begin);
    stopped.time(() -> api.stop(sandbox.id()));
    awaitState(api, sandbox, "stopped");
    started.time(() -> api.start(sandbox.id()));
    deleted.time(() -> api.delete(sandbox.id()));
  }

  private static void awaitState(Api api, Api.Sandbox sandbox, String state) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!api.get(sandbox.id()).path("state").asText().equals(state)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(sandbox.id() + " did not become " + state);
      }
    }
  }

  private static List<Row> besideDocker(Run run, List<Row> rows) {
    LifeRows theirs = new LifeRows();
    List<Reference> figures = new ArrayList<>();
    Row first =
        run.besideDocker(
            rows.getFirst(),
            docker -> {
              for (int turn = 0; turn < Math.min(run.count(), DockerFigures.MOST); turn++) {
                theirs.live(docker);
              }
              figures.add(Reference.of("docker run -d", theirs.created));
              figures.add(Reference.of("docker run -d, exec", theirs.output));
              figures.add(Reference.of("docker stop", theirs.stopped));
              figures.add(Reference.of("docker start", theirs.started));
              figures.add(Reference.of("docker rm -f", theirs.deleted));
              return figures.getFirst();
            });
    List<Row> result = new ArrayList<>();
    for (int number = 0; number < rows.size(); number++) {
      Reference figure = figures.isEmpty() ? first.docker() : figures.get(number);
      result.add(rows.get(number).besideDocker(figure));
    }
    return result;
  }

  private void live(DockerEngine docker) {
    long begin = System.nanoTime();
    String container = docker.run();
    created.add(System.nanoTime() - begin);
    docker.docker("exec", container, "echo", "1");
    output.add(System.nanoTime() - begin);
    stopped.time(() -> docker.docker("stop", container));
    started.time(() -> docker.docker("start", container));
    deleted.time(() -> docker.docker("rm", "-f", container));
  }
}
