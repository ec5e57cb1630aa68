package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import io.daytona.bench.system.Host;
import java.util.List;

/** Many creates at once. */
public final class BurstRows {
  private static final double BUDGET_SECONDS = 1.0; // for a hundred

  private BurstRows() {}

  /** The smaller number. */
  public static List<Row> small(Run run) {
    return measure(run, run.sizes().crowd());
  }

  /** The larger number. */
  public static List<Row> large(Run run) {
    return measure(run, run.sizes().burst());
  }

  private static List<Row> measure(Run run, int sandboxes) {
    run.say(sandboxes + " creates at once");
    long before = Host.availableBytes();
    long othersBefore = run.host().platformBytes() + Host.ownBytes();
    Samples each = new Samples();
    long begin = System.nanoTime();
    Crowd.Result<Api.Sandbox> result =
        Crowd.atOnce(
            run,
            sandboxes,
            _ -> {
              long start = System.nanoTime();
              Api.Sandbox sandbox = run.api().create(Run.SNAPSHOT);
              run.api().execute(sandbox, "true");
              each.add(System.nanoTime() - start);
              return sandbox;
            });
    double seconds = (System.nanoTime() - begin) / 1e9;
    long others = run.host().platformBytes() + Host.ownBytes() - othersBefore;
    double perSandbox =
        (before - Host.availableBytes() - others) / 1e6 / Math.max(1, result.made().size());
    Crowd.delete(run, result.made());
    Samples bare = run.bare().measure("spawn_at_once", 3, sandboxes);
    Samples theirs = new Samples();
    Row whole =
        Row.atMost(
                sandboxes + " creates at once, all usable",
                "s",
                seconds,
                BUDGET_SECONDS * sandboxes / 100,
                result.failures())
            .beside(Reference.of("as many processes", bare.millis(0.5) / 1000));
    whole =
        run.besideDocker(
            whole,
            docker -> {
              long from = System.nanoTime();
              Crowd.Result<String> containers =
                  Crowd.atOnce(
                      run,
                      sandboxes,
                      _ -> {
                        long start = System.nanoTime();
                        String container = docker.run();
                        docker.docker("exec", container, "true");
                        theirs.add(System.nanoTime() - start);
                        return container;
                      });
              double took = (System.nanoTime() - from) / 1e9;
              docker.remove(containers.made());
              return Reference.of(
                  "docker run -d, exec; " + containers.failures() + " failed", took);
            });
    return List.of(
        whole,
        Row.latency("each of these: create → exec true", each, result.failures())
            .besideDocker(Reference.of("docker run -d, exec", theirs)),
        Row.atMost(
            "memory of an idle sandbox (of " + result.made().size() + ")",
            "MB",
            perSandbox,
            1.5,
            0));
  }
}
