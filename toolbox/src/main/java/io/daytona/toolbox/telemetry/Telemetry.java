package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.system.Levels;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exports what sandboxes use and what their entrypoints write, for each sandbox from {@code POST
 * /init} to the end of its run (toolbox protocol §9).
 */
public final class Telemetry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Telemetry.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final SandboxDirectory directory;
  private final Duration interval;
  private final Duration patience;
  private final Levels levels;
  private final @Nullable Collector collector;
  private final Map<String, Export> exports = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param config where it goes and how often
   * @param directory where sandboxes are found
   */
  public Telemetry(TelemetryConfig config, SandboxDirectory directory) {
    this(config, directory, PATIENCE);
  }

  /**
   * @param patience time for one message in all
   */
  Telemetry(TelemetryConfig config, SandboxDirectory directory, Duration patience) {
    this.directory = directory;
    this.interval = config.interval();
    this.patience = patience;
    this.levels = new Levels(new SandboxCalls(directory));
    this.collector =
        config
            .receiver()
            .map(base ->
                new Collector(
                    base, OtlpClient.direct(patience), interval, patience, new Complaints()))
            .orElse(null);
  }

  /** Goes on with sandboxes that had a token when an earlier process ended. */
  public void start() {
    inBackground(this::adopt);
  }

  /**
   * Begins the export of a sandbox, or goes on with another token.
   *
   * @param token a usable one
   * @throws AgentException when the agent is lost
   */
  void initialize(Running sandbox, String token) throws InterruptedException {
    Export export = of(sandbox);
    export.token(sandbox.agent(), token);
    begin(export);
  }

  private Export of(Running sandbox) {
    return exports.compute(
        sandbox.sandboxId(),
        (id, old) -> {
          if (old != null && old.serves(sandbox.agent())) {
            return old;
          }
          if (old != null) {
            old.end();
          }
          return new Export(sandbox, directory, collector, interval, patience);
        });
  }

  private void begin(Export export) {
    if (!export.begin()) {
      return;
    }
    inBackground(() -> {
      try {
        new MetricsLoop(export, levels).run();
      } finally {
        export.end();
        exports.remove(export.sandboxId(), export);
      }
    });
    inBackground(new EntrypointLoop(export)::run);
  }

  /** Work that ends when the platform does. */
  private interface Work {
    void run() throws InterruptedException;
  }

  private void inBackground(Work work) {
    threads.execute(() -> {
      try {
        work.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        LOG.error("telemetry of a sandbox ended by an error", e);
      }
    });
  }

  /** Looks for saved tokens, again and again in sandboxes that do not answer. */
  private void adopt() throws InterruptedException {
    Optional<Set<String>> running = running();
    while (running.isEmpty()) {
      Thread.sleep(interval);
      running = running();
    }
    Set<String> left = new HashSet<>(running.get());
    while (!left.isEmpty()) {
      left.removeIf(this::adopted);
      if (!left.isEmpty()) {
        Thread.sleep(interval);
      }
    }
  }

  private Optional<Set<String>> running() {
    try {
      return Optional.of(directory.running());
    } catch (DaytonaException e) {
      LOG.debug("it is not known what runs: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private boolean adopted(String sandboxId) {
    try {
      Running sandbox = directory.find(sandboxId);
      Export export = of(sandbox);
      if (export.restore(sandbox.agent())) {
        begin(export);
      } else {
        exports.remove(sandboxId, export);
      }
      return true;
    } catch (DaytonaException e) {
      return e.kind() == ErrorKind.BAD_REQUEST;
    } catch (AgentException e) {
      LOG.debug("sandbox {} does not tell its token: {}", sandboxId, e.code());
      return false;
    }
  }

  /** Sandboxes whose telemetry is exported now. */
  int size() {
    return (int) exports.values().stream().filter(Export::hasBegun).count();
  }

  @Override
  public void close() {
    exports.values().forEach(Export::end);
    threads.shutdownNow();
    if (collector != null) {
      collector.close();
    }
  }
}
