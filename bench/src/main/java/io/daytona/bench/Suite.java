package io.daytona.bench;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import io.daytona.bench.toolbox.ToolboxSuite;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** The rows of the benchmark, each measured through the public API after a warm-up. */
final class Suite {
  private static final String SNAPSHOT = "daytona-small";

  private final Api api;
  private final Host host;
  private final int count;
  private final Consumer<String> progress;

  Suite(Api api, Host host, int count, Consumer<String> progress) {
    this.api = api;
    this.host = host;
    this.count = count;
    this.progress = progress;
  }

  List<Row> run() {
    api.leftovers().forEach(api::delete);
    List<Row> rows = new ArrayList<>();
    rows.addAll(lifeCycle());
    rows.add(get());
    rows.addAll(new ToolboxSuite(api, count, progress).run());
    rows.addAll(burst(100));
    rows.add(platformMemory());
    host.startup().ifPresent(start -> rows.add(startup(start)));
    return rows;
  }

  private List<Row> lifeCycle() {
    progress.accept("warming up: 20 life cycles");
    for (int turn = 0; turn < 20; turn++) {
      Api.Sandbox sandbox = api.create(SNAPSHOT);
      api.execute(sandbox, "true");
      api.delete(sandbox.id());
    }
    progress.accept("create, first output, get, stop, start, delete: " + count + " each");
    Samples created = new Samples();
    Samples output = new Samples();
    Samples stopped = new Samples();
    Samples started = new Samples();
    Samples deleted = new Samples();
    for (int turn = 0; turn < count; turn++) {
      long begin = System.nanoTime();
      Api.Sandbox sandbox = api.create(SNAPSHOT);
      created.add(System.nanoTime() - begin);
      api.execute(sandbox, "echo 1");
      output.add(System.nanoTime() - begin);
      stopped.time(() -> api.stop(sandbox.id()));
      awaitState(sandbox, "stopped");
      started.time(() -> api.start(sandbox.id()));
      deleted.time(() -> api.delete(sandbox.id()));
    }
    return List.of(
        Row.latency("create → started", created, 0, 20, 50),
        Row.latency("create → first output", output, 0, 25, 60),
        Row.latency("stop of a running sandbox (answered)", stopped, 0, 15, Double.NaN),
        Row.latency("start of a stopped sandbox", started, 0, 20, Double.NaN),
        Row.latency("delete of a running sandbox (answered)", deleted, 0, 15, Double.NaN));
  }

  private void awaitState(Api.Sandbox sandbox, String state) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!api.get(sandbox.id()).path("state").asText().equals(state)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(sandbox.id() + " did not become " + state);
      }
    }
  }

  private Row get() {
    Api.Sandbox sandbox = api.create(SNAPSHOT);
    int times = count * 3;
    progress.accept("GET /sandbox/{id}: " + times);
    try {
      for (int turn = 0; turn < 50; turn++) {
        api.get(sandbox.id());
      }
      Samples samples = new Samples();
      for (int turn = 0; turn < times; turn++) {
        samples.time(() -> api.get(sandbox.id()));
      }
      return Row.latency("GET /sandbox/{id}", samples, 0, 0.7, 3);
    } finally {
      api.delete(sandbox.id());
    }
  }

  private List<Row> burst(int sandboxes) {
    progress.accept(sandboxes + " creates at once");
    long before = Host.availableBytes();
    long othersBefore = host.platformBytes() + Host.ownBytes();
    Samples each = new Samples();
    List<Api.Sandbox> made = new ArrayList<>();
    int failures = 0;
    long begin = System.nanoTime();
    double seconds;
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Api.Sandbox>> all = new ArrayList<>();
      for (int n = 0; n < sandboxes; n++) {
        all.add(
            pool.submit(() -> {
              long start = System.nanoTime();
              Api.Sandbox sandbox = api.create(SNAPSHOT);
              api.execute(sandbox, "true");
              each.add(System.nanoTime() - start);
              return sandbox;
            }));
      }
      for (Future<Api.Sandbox> one : all) {
        try {
          made.add(one.get());
        } catch (ExecutionException e) {
          failures++;
          progress.accept("failed: " + e.getCause());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted", e);
        }
      }
      seconds = (System.nanoTime() - begin) / 1e9;
    }
    long others = host.platformBytes() + Host.ownBytes() - othersBefore;
    double perSandbox = (before - Host.availableBytes() - others) / 1e6 / Math.max(1, made.size());
    made.forEach(sandbox -> api.delete(sandbox.id()));
    return List.of(
        Row.atMost(sandboxes + " creates at once, all usable", "s", seconds, 1.0, failures),
        Row.latency("each of these: create → exec true", each, failures, Double.NaN, Double.NaN),
        Row.atMost("memory of an idle sandbox (of " + made.size() + ")", "MB", perSandbox, 1.5, 0));
  }

  private Row platformMemory() {
    progress.accept("memory of the platform with 20 sandboxes");
    List<Api.Sandbox> made = new ArrayList<>();
    for (int n = 0; n < 20; n++) {
      made.add(api.create(SNAPSHOT));
    }
    double megabytes = host.platformBytes() / 1e6;
    made.forEach(sandbox -> api.delete(sandbox.id()));
    return Row.atMost("platform with 20 sandboxes (PSS)", "MB", megabytes, 400, 0);
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
