package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Launcher;
import io.daytona.bench.run.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Creates that find a slot made ahead, and creates that must make theirs. */
public final class SlotRows {
  private static final String READY = "daytona_host_slots_ready";
  private static final String NONE_AHEAD = "DAYTONA_SERVER_RUNNER_READY_SLOTS=0";

  private SlotRows() {}

  /** Measures them; the platform is restarted without slots made ahead, and again as it was. */
  public static List<Row> measure(Run run) {
    run.say("creates with a slot made ahead");
    Reference spawn = run.spawn();
    List<Row> rows =
        new ArrayList<>(rows(run, "slot hit", 1).stream().map(row -> row.beside(spawn)).toList());
    Optional<Launcher> launcher = run.launcher();
    if (launcher.isEmpty()) {
      rows.add(Row.unavailable("slot miss: create → started", "left out: needs root"));
      return rows;
    }
    run.say("creates without slots made ahead");
    launcher.get().with(() -> rows.addAll(rows(run, "slot miss", 0)), NONE_AHEAD);
    Row first = run.besideDocker(rows.getFirst(), SlotRows::docker);
    return rows.stream()
        .map(row -> row.beside(spawn))
        .map(row -> row.name().endsWith("started") ? row.besideDocker(first.docker()) : row)
        .toList();
  }

  private static List<Row> rows(Run run, String name, int ready) {
    Samples samples = new Samples();
    Samples slot = new Samples();
    for (int turn = -5; turn < run.count(); turn++) {
      awaitLevel(run, ready);
      long begin = System.nanoTime();
      Api.Sandbox sandbox = run.api().create(Run.SNAPSHOT);
      long took = System.nanoTime() - begin;
      if (turn >= 0) {
        samples.add(took);
        slot.add((long) (run.api().timing().getOrDefault("slot", Double.NaN) * 1e6));
      }
      run.api().delete(sandbox.id());
    }
    return List.of(
        Row.latency(name + ": create → started", samples, 0),
        Row.latency(name + ": of it slot and disk", slot, 0));
  }

  /** Docker makes everything when it is asked. */
  private static Reference docker(DockerEngine docker) {
    Samples theirs = new Samples();
    List<String> containers = new ArrayList<>();
    for (int turn = 0; turn < DockerFigures.MOST / 3; turn++) {
      theirs.time(() -> containers.add(docker.run()));
    }
    docker.remove(containers);
    return Reference.of("docker run -d", theirs);
  }

  /** A create must find what the row is about: at least one slot made ahead, or none. */
  private static void awaitLevel(Run run, int least) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    double level = run.api().metric(READY);
    while (least == 0 ? level > 0 : level < least) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("there are " + level + " slots ready");
      }
      level = run.api().metric(READY);
    }
  }
}
