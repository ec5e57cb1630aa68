package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import java.util.ArrayList;
import java.util.List;

/** Latency for one sandbox while others burn all CPU they get. */
public final class BusyRows {
  private static final String BURN = "nohup setsid sh -c 'while :; do :; done' >/dev/null 2>&1 &";

  private BusyRows() {}

  /** Measures them. */
  public static List<Row> measure(Run run) {
    int number = run.sizes().burning();
    run.say("latency while " + number + " sandboxes burn CPU");
    Api.Sandbox quiet = run.api().create(Run.SNAPSHOT);
    List<Api.Sandbox> burning = Crowd.sandboxes(run, number).made();
    Samples exec = new Samples();
    Samples get = new Samples();
    Samples create = new Samples();
    Reference spawn;
    try {
      burning.forEach(sandbox -> run.api().execute(sandbox, BURN));
      for (int turn = 0; turn < run.count(); turn++) {
        exec.time(() -> run.api().execute(quiet, "true"));
        get.time(() -> run.api().get(quiet.id()));
      }
      for (int turn = 0; turn < Math.max(3, run.count() / 5); turn++) {
        List<Api.Sandbox> made = new ArrayList<>();
        create.time(() -> made.add(run.api().create(Run.SNAPSHOT)));
        run.api().delete(made.getFirst().id());
      }
      spawn = run.spawn();
    } finally {
      Crowd.delete(run, burning);
      run.api().delete(quiet.id());
    }
    String with = " while " + number + " sandboxes burn CPU";
    List<Row> rows =
        List.of(
            Row.latency("exec true" + with, exec, 0).beside(spawn),
            Row.latency("GET /sandbox/{id}" + with, get, 0).beside(spawn),
            Row.latency("create → started" + with, create, 0).beside(spawn));
    List<Reference> figures = new ArrayList<>();
    Row first =
        run.besideDocker(
            rows.getFirst(),
            docker -> {
              figures.addAll(docker(run, docker, number));
              return figures.getFirst();
            });
    List<Row> result = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      result.add(rows.get(row).besideDocker(figures.isEmpty() ? first.docker() : figures.get(row)));
    }
    return result;
  }

  /** The same three while as many containers burn. */
  private static List<Reference> docker(Run run, DockerEngine docker, int number) {
    String quiet = docker.run();
    List<String> burning = new ArrayList<>();
    for (int n = 0; n < number; n++) {
      String container = docker.run();
      burning.add(container);
      docker.docker("exec", "-d", container, "sh", "-c", "while :; do :; done");
    }
    int times = Math.min(run.count(), DockerFigures.MOST / 3);
    Samples exec = docker.time(times, "exec", quiet, "true");
    Samples get = docker.time(times, "inspect", quiet);
    Samples create = new Samples();
    List<String> made = new ArrayList<>(List.of(quiet));
    for (int turn = 0; turn < Math.min(times, 3); turn++) {
      create.time(() -> made.add(docker.run()));
    }
    docker.remove(burning);
    docker.remove(made);
    return List.of(
        Reference.of("docker exec, containers burning", exec),
        Reference.of("docker inspect, containers burning", get),
        Reference.of("docker run -d, containers burning", create));
  }
}
