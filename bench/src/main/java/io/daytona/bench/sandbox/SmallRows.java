package io.daytona.bench.sandbox;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import io.daytona.bench.system.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A plain read, the size of the platform, and the time it takes to start. */
public final class SmallRows {
  private static final int WARM_UPS = 50;
  private static final int SANDBOXES = 20;

  private SmallRows() {}

  /** The plain read. */
  public static List<Row> get(Run run) {
    Api.Sandbox sandbox = run.api().create(Run.SNAPSHOT);
    int times = run.count() * 3;
    run.say("GET /sandbox/{id}: " + times);
    Samples samples = new Samples();
    try {
      for (int turn = -WARM_UPS; turn < times; turn++) {
        Samples into = turn < 0 ? new Samples() : samples;
        into.time(() -> run.api().get(sandbox.id()));
      }
    } finally {
      run.api().delete(sandbox.id());
    }
    Row row =
        Row.latency("GET /sandbox/{id}", samples, 0, 0.7, 3)
            .beside(Reference.of("loopback HTTP", run.bare().measure("http", times)));
    return List.of(
        run.besideDocker(
            row,
            docker -> {
              String container = docker.run();
              Samples theirs =
                  docker.time(Math.min(run.count(), DockerFigures.MOST), "inspect", container);
              docker.remove(List.of(container));
              return Reference.of("docker inspect", theirs);
            }));
  }

  /** What the host takes for a file, alone: what the rows of files stand beside is theirs. */
  public static List<Row> host(Run run) {
    run.say("the bare host: fork and exec, file copy, loopback HTTP");
    return List.of(
        Row.latency("bare: fork and exec of true", run.bare().measure("spawn", run.count()), 0),
        Row.latency("bare: cp of 256 MiB", run.bare().measure("copy", 3, 256), 0),
        Row.latency("bare: loopback HTTP", run.bare().measure("http", run.count()), 0));
  }

  /** The platform's memory, and how long it took to start last. */
  public static List<Row> platform(Run run) {
    run.say("memory of the platform with " + SANDBOXES + " sandboxes");
    List<Row> rows = new ArrayList<>();
    rows.add(
        run.besideDocker(
            memory(run),
            docker -> {
              List<String> containers = new ArrayList<>();
              for (int n = 0; n < SANDBOXES; n++) {
                containers.add(docker.run());
              }
              double megabytes = docker.bytes() / 1e6;
              docker.remove(containers);
              return Reference.of("engine and shims, " + SANDBOXES + " containers", megabytes);
            }));
    Optional<Host.Startup> startup = run.host().startup();
    startup.ifPresent(start ->
        rows.add(
            run.besideDocker(
                startup(start), docker -> Reference.of("dockerd", docker.startSeconds()))));
    return rows;
  }

  private static Row memory(Run run) {
    List<Api.Sandbox> made = new ArrayList<>();
    try {
      for (int n = 0; n < SANDBOXES; n++) {
        made.add(run.api().create(Run.SNAPSHOT));
      }
      double megabytes = run.host().platformBytes() / 1e6;
      return Row.atMost("platform with " + SANDBOXES + " sandboxes (PSS)", "MB", megabytes, 400, 0);
    } finally {
      made.forEach(sandbox -> run.api().delete(sandbox.id()));
    }
  }

  private static Row startup(Host.Startup startup) {
    return Row.atMost(
        "server process → serving, database " + (startup.newDatabase() ? "new" : "kept"),
        "s",
        startup.seconds(),
        startup.newDatabase() ? 3 : 2,
        0);
  }
}
