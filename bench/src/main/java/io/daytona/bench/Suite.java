package io.daytona.bench;

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
  private static final int MIB = 1 << 20;

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

  /** One measured action. */
  @FunctionalInterface
  interface Action {
    void run();
  }

  List<Row> run() {
    api.leftovers().forEach(api::delete);
    List<Row> rows = new ArrayList<>();
    rows.addAll(lifeCycle());
    rows.addAll(calls());
    rows.addAll(transfer());
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
      timed(stopped, () -> api.stop(sandbox.id()));
      awaitState(sandbox, "stopped");
      timed(started, () -> api.start(sandbox.id()));
      timed(deleted, () -> api.delete(sandbox.id()));
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

  private List<Row> calls() {
    Api.Sandbox sandbox = api.create(SNAPSHOT);
    try {
      return List.of(
          repeated("exec true", count * 3, 1.5, 5, () -> api.execute(sandbox, "true")),
          repeated("code-run print(1)", count, 14, 25, () -> api.codeRun(sandbox, "print(1)")),
          repeated("GET /sandbox/{id}", count * 3, 0.7, 3, () -> api.get(sandbox.id())));
    } finally {
      api.delete(sandbox.id());
    }
  }

  private Row repeated(String name, int times, double p50, double p99, Action action) {
    progress.accept(name + ": " + times);
    for (int turn = 0; turn < 50; turn++) {
      action.run();
    }
    Samples samples = new Samples();
    for (int turn = 0; turn < times; turn++) {
      timed(samples, action);
    }
    return Row.latency(name, samples, 0, p50, p99);
  }

  private List<Row> transfer() {
    int size = 256 * MIB;
    progress.accept("upload and download of 256 MiB: 10 each");
    byte[] bytes = new byte[size];
    new java.util.Random(1).nextBytes(bytes);
    Api.Sandbox sandbox = api.create("daytona-medium");
    try {
      Samples up = new Samples();
      Samples down = new Samples();
      api.upload(sandbox, "warm.bin", bytes);
      api.download(sandbox, "warm.bin");
      for (int turn = 0; turn < 10; turn++) {
        up.add(rate(size, () -> api.upload(sandbox, "big.bin", bytes)));
        down.add(rate(size, () -> api.download(sandbox, "big.bin")));
      }
      return List.of(
          Row.atLeast("upload of 256 MiB", "MB/s", up, 600),
          Row.atLeast("download of 256 MiB", "MB/s", down, 1000));
    } finally {
      api.delete(sandbox.id());
    }
  }

  /** Bytes per second, scaled so that {@link Samples#millis} reads as MB/s. */
  private static long rate(long bytes, Action action) {
    long begin = System.nanoTime();
    action.run();
    double seconds = (System.nanoTime() - begin) / 1e9;
    return (long) (bytes / 1e6 / seconds * 1e6);
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

  private static void timed(Samples samples, Action action) {
    long begin = System.nanoTime();
    action.run();
    samples.add(System.nanoTime() - begin);
  }
}
