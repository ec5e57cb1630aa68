package io.daytona.bench.load;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.run.Launcher;
import io.daytona.bench.run.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A restart of the platform while many sandboxes run. */
public final class RestartRows {
  private static final int AT_ONCE = 8;

  private RestartRows() {}

  /** Measures them. */
  public static List<Row> measure(Run run) {
    int number = run.sizes().burst();
    String name = "restart with " + number + " up: ";
    Optional<Launcher> launcher = run.launcher();
    if (launcher.isEmpty()) {
      return List.of(Row.unavailable(name + "all answer an exec", "left out: needs root"));
    }
    run.say("restart with " + number + " sandboxes up");
    List<Api.Sandbox> all = Crowd.sandboxes(run, number).made();
    try {
      AtomicBoolean over = new AtomicBoolean();
      AtomicLong longest = new AtomicLong();
      Thread prober = Thread.ofVirtual().start(() -> probe(run, over, longest));
      long begin = System.nanoTime();
      launcher.get().restart();
      double command = (System.nanoTime() - begin) / 1e9;
      Crowd.Result<String> answers =
          Crowd.bounded(run, number, AT_ONCE, n -> run.api().execute(all.get(n), "true"));
      double usable = (System.nanoTime() - begin) / 1e9;
      over.set(true);
      join(prober);
      int failures = answers.failures() + number - all.size();
      Row away = Row.figure(name + "the API is away", "s", longest.get() / 1e9, 0);
      return List.of(
          run.besideDocker(
              Row.figure(name + "all answer an exec", "s", usable, failures),
              docker -> {
                List<String> containers = new ArrayList<>();
                for (int n = 0; n < run.sizes().containers(); n++) {
                  containers.add(docker.run());
                }
                long from = System.nanoTime();
                docker.restart();
                containers.forEach(container -> docker.docker("exec", container, "true"));
                double took = (System.nanoTime() - from) / 1e9;
                docker.remove(containers);
                return Reference.of("dockerd with " + containers.size() + " live containers", took);
              }),
          away,
          Row.figure(name + "./daytona restart returns", "s", command, 0));
    } finally {
      Crowd.delete(run, all);
    }
  }

  /** Notes the longest time between two answers. */
  private static void probe(Run run, AtomicBoolean over, AtomicLong longest) {
    long last = System.nanoTime();
    while (!over.get()) {
      if (run.api().healthy()) {
        long now = System.nanoTime();
        longest.accumulateAndGet(now - last, Math::max);
        last = now;
      }
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
