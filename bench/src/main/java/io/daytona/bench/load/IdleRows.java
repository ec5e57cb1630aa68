package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import io.daytona.bench.system.Host;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Many sandboxes in which nothing happens: what they cost, and how long an exec takes then. */
public final class IdleRows {
  private IdleRows() {}

  /** Measures them; the time of rest is in it. */
  public static List<Row> measure(Run run) {
    int number = run.sizes().idle();
    run.say(number + " idle sandboxes");
    long before = Host.availableBytes();
    long othersBefore = run.host().platformBytes() + Host.ownBytes();
    long begin = System.nanoTime();
    Crowd.Result<Api.Sandbox> result = Crowd.sandboxes(run, number);
    double seconds = (System.nanoTime() - begin) / 1e9;
    List<Api.Sandbox> all = result.made();
    List<Row> rows = new ArrayList<>();
    try {
      rows.add(Row.figure(number + " creates, a few at a time", "s", seconds, result.failures()));
      long platform = run.host().platformBytes();
      long others = platform + Host.ownBytes() - othersBefore;
      double each = (before - Host.availableBytes() - others) / 1e6 / all.size();
      rows.add(
          run.besideDocker(
              Row.atMost("memory of an idle sandbox (of " + number + ")", "MB", each, 1.5, 0),
              docker -> containers(run, docker)));
      rows.add(Row.figure("platform with " + number + " sandboxes", "MB", platform / 1e6, 0));
      rows.add(warm(run, all, "exec true with " + number + " up"));
      rows.add(each(run, all, "first exec in each of " + run.count() + ", with " + number + " up"));
      Duration rest = run.sizes().rest();
      run.say("rest of " + rest.toSeconds() + " s");
      rows.add(rest(rest, number));
      String after = " after " + rest.toSeconds() + " idle s, " + number + " up";
      rows.add(each(run, all.reversed(), "first exec in each" + after));
      rows.add(warm(run, all, "exec true" + after));
    } finally {
      run.say("deleting " + all.size());
      Crowd.delete(run, all);
    }
    return rows;
  }

  private static Reference containers(Run run, DockerEngine docker) {
    long before = Host.availableBytes();
    int number = run.sizes().containers();
    List<String> containers = new ArrayList<>();
    for (int n = 0; n < number; n++) {
      containers.add(docker.run());
    }
    double megabytes = (before - Host.availableBytes()) / 1e6 / number;
    docker.remove(containers);
    return Reference.of("a container (of " + number + ")", megabytes);
  }

  private static Row warm(Run run, List<Api.Sandbox> all, String name) {
    Samples samples = new Samples();
    Api.Sandbox one = all.getFirst();
    for (int turn = -10; turn < run.count(); turn++) {
      Samples into = turn < 0 ? new Samples() : samples;
      into.time(() -> run.api().execute(one, "true"));
    }
    return besideExec(run, Row.latency(name, samples, 0).beside(run.spawn()));
  }

  /**
   * Docker's own exec, in one of a few containers: so many as there are sandboxes would be its end.
   */
  private static Row besideExec(Run run, Row row) {
    return run.besideDocker(
        row,
        docker -> {
          String container = docker.run();
          Samples theirs =
              docker.time(Math.min(run.count(), DockerFigures.MOST / 3), "exec", container, "true");
          docker.remove(List.of(container));
          return Reference.of("docker exec, one container", theirs);
        });
  }

  private static Row each(Run run, List<Api.Sandbox> all, String name) {
    Samples samples = new Samples();
    for (Api.Sandbox sandbox : all.subList(0, Math.min(all.size(), run.count()))) {
      samples.time(() -> run.api().execute(sandbox, "true"));
    }
    return Row.latency(name, samples, 0).beside(run.spawn());
  }

  /**
   * Nothing is asked of anything; what is left of CPU time is the idle sandboxes' and the host's.
   */
  private static Row rest(Duration time, int number) {
    double busy = Host.busySeconds();
    long begin = System.nanoTime();
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    double share = (Host.busySeconds() - busy) / ((System.nanoTime() - begin) / 1e9) * 100;
    return Row.figure("CPU of the whole host, " + number + " idle", "% of 1", share, 0);
  }
}
