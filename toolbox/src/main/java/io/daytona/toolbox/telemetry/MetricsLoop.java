package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.system.Levels;
import io.daytona.toolbox.system.SystemMetrics;
import io.daytona.toolbox.telemetry.Export.Destination;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what a sandbox uses, once in each interval. What cannot be sent is dropped. */
final class MetricsLoop {
  private static final Logger LOG = LoggerFactory.getLogger(MetricsLoop.class);

  private final Export export;
  private final Levels levels;

  MetricsLoop(Export export, Levels levels) {
    this.export = export;
    this.levels = levels;
  }

  /** Goes on until the export is over. */
  void run() throws InterruptedException {
    round(true);
    // Sandboxes that are taken over all at once shall not report all at once for ever.
    long millis = export.interval().toMillis();
    Duration wait =
        Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis / 10, millis + 1));
    while (!export.awaitEnd(wait)) {
      round(false);
      wait = export.interval();
    }
  }

  /**
   * Measures and sends.
   *
   * @param first whether to measure only: use of CPU needs a time span
   */
  private void round(boolean first) throws InterruptedException {
    Running sandbox = export.find();
    if (sandbox == null) {
      return;
    }
    try {
      Optional<Destination> destination = export.destination(sandbox);
      if (destination.isPresent()) {
        SystemMetrics use = levels.now(sandbox);
        if (!first) {
          byte[] message = Messages.metrics(destination.get().resource(), use, Instant.now());
          destination.get().collector().send(Signal.METRICS, export.token(), message);
        }
      }
    } catch (AgentException e) {
      LOG.debug("sandbox {} is not measured: {}", export.sandboxId(), e.code());
    } catch (DaytonaException e) {
      LOG.debug("sandbox {} is not measured: {}", export.sandboxId(), e.getMessage());
    }
  }
}
