package io.daytona.bench.profile;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import io.daytona.bench.system.Host;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Where the time of a create and of an exec goes: the client's view, the steps that the server
 * tells in {@code Server-Timing}, and, as root, what happens on the host in between.
 */
public final class Profile {
  private static final int WARM_UPS = 20;

  private final Api api;
  private final Host host;
  private final int count;
  private final Consumer<String> progress;

  /** A profile of a platform, each step the median of so many operations. */
  public Profile(Api api, Host host, int count, Consumer<String> progress) {
    this.api = api;
    this.host = host;
    this.count = count;
    this.progress = progress;
  }

  /** The tables, as Markdown. */
  public String table() {
    progress.accept("create: " + count);
    Map<String, Samples> create = new LinkedHashMap<>();
    for (int turn = -WARM_UPS; turn < count; turn++) {
      boolean counts = turn >= 0;
      create(counts ? create : new LinkedHashMap<>());
    }
    List<Api.Sandbox> made = new ArrayList<>();
    long jailer = host.pid("jailer").orElse(-1L);
    String kernelCreate =
        kernel("a create", jailer, () -> made.add(api.create(Run.SNAPSHOT)), StartSteps::of);
    made.forEach(sandbox -> api.delete(sandbox.id()));
    progress.accept("exec: " + count);
    Map<String, Samples> exec = new LinkedHashMap<>();
    Api.Sandbox sandbox = api.create(Run.SNAPSHOT);
    try {
      for (int turn = -WARM_UPS; turn < count; turn++) {
        timed(turn >= 0 ? exec : new LinkedHashMap<>(), () -> api.execute(sandbox, "true"));
      }
      Runnable call = () -> api.execute(sandbox, "true");
      String kernelExec = kernel("an exec", host.firstProcess(sandbox.id()), call, ExecSteps::of);
      return section("create", create) + kernelCreate + section("exec true", exec) + kernelExec;
    } finally {
      api.delete(sandbox.id());
    }
  }

  private String kernel(
      String what, long pid, Runnable call, Function<KernelTrace.Trace, Map<String, Long>> steps) {
    int times = Math.min(count, KernelTrace.MOST);
    progress.accept("what the kernel sees of " + what + ": " + times);
    Map<String, Samples> kernel = new LinkedHashMap<>();
    try (KernelTrace trace = new KernelTrace(pid)) {
      for (int turn = 0; turn < times; turn++) {
        steps.apply(trace.during(call)).forEach((step, nanos) -> add(kernel, step, nanos));
      }
    } catch (RuntimeException e) {
      return "\nThe kernel's view of " + what + " is left out: " + e.getMessage() + "\n";
    }
    return section(what + ", as the kernel sees it", kernel);
  }

  private void create(Map<String, Samples> into) {
    List<Api.Sandbox> made = new ArrayList<>();
    timed(into, () -> made.add(api.create(Run.SNAPSHOT)));
    api.delete(made.getFirst().id());
  }

  /** Adds the whole, the server's steps, and what neither of them is. */
  private void timed(Map<String, Samples> into, Runnable call) {
    long begin = System.nanoTime();
    call.run();
    long whole = System.nanoTime() - begin;
    Map<String, Double> steps = api.timing();
    double total = steps.getOrDefault("total", 0.0);
    double known = steps.values().stream().mapToDouble(Double::doubleValue).sum() - total;
    add(into, "whole, as the client sees it", whole);
    add(into, "client, kernel, connection (whole − total)", whole - nanos(total));
    add(into, "HTTP, authentication, placement, rows, reply (total − steps)", nanos(total - known));
    steps.forEach((step, millis) -> {
      if (!step.equals("total")) {
        add(into, "step " + step, nanos(millis));
      }
    });
  }

  private static long nanos(double millis) {
    return (long) (millis * 1e6);
  }

  private static void add(Map<String, Samples> into, String step, long nanos) {
    into.computeIfAbsent(step, _ -> new Samples()).add(nanos);
  }

  private static String section(String name, Map<String, Samples> steps) {
    StringBuilder text = new StringBuilder("\n### " + name + "\n\n");
    text.append("| step | N | p50 ms | p95 ms |\n| --- | --- | --- | --- |\n");
    steps.forEach((step, samples) ->
        text.append(
            String.format(
                Locale.ROOT,
                "| %s | %d | %.2f | %.2f |%n",
                step,
                samples.size(),
                samples.millis(0.5),
                samples.millis(0.95))));
    return text.toString();
  }
}
