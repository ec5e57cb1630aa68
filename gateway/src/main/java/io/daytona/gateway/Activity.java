package io.daytona.gateway;

import io.daytona.http.Call;
import io.daytona.http.RequestObserver;
import io.daytona.http.Route;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes that a sandbox is used: when a request begins and for as long as it stays open, unless it
 * says {@code X-Daytona-Skip-Last-Activity-Update: true} (toolbox protocol §1.8).
 *
 * <p>One thread looks at the open requests now and then, so that a request costs two map operations
 * and no timer of its own.
 */
final class Activity implements RequestObserver, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Activity.class);
  private static final String SKIP = "X-Daytona-Skip-Last-Activity-Update";
  private static final int LOOKS_PER_PERIOD = 10;

  private final Consumer<String> touch;
  private final long periodNanos;
  private final Set<Open> open = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("gateway-activity").daemon().factory());

  Activity(Consumer<String> touch, Duration period) {
    this.touch = touch;
    this.periodNanos = period.toNanos();
    long look = Math.max(1, periodNanos / LOOKS_PER_PERIOD);
    var _ = clock.scheduleWithFixedDelay(this::look, look, look, TimeUnit.NANOSECONDS);
  }

  @Override
  public Runnable started(Call<?> call, Route route) {
    if (call.header(SKIP).filter("true"::equalsIgnoreCase).isPresent()) {
      return () -> {};
    }
    Open request = new Open(call.principal(ToolboxTarget.class).sandboxId(), System.nanoTime());
    touch.accept(request.sandboxId);
    open.add(request);
    return () -> open.remove(request);
  }

  private void look() {
    long now = System.nanoTime();
    for (Open request : open) {
      if (now - request.touchedNanos >= periodNanos) {
        request.touchedNanos = now;
        try {
          touch.accept(request.sandboxId);
        } catch (RuntimeException e) {
          // An exception that left here would end all further looks.
          LOG.warn("activity of sandbox {} is not noted", request.sandboxId, e);
        }
      }
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }

  /** A request that runs; compared by identity. */
  private static final class Open {
    private final String sandboxId;
    private volatile long touchedNanos;

    private Open(String sandboxId, long touchedNanos) {
      this.sandboxId = sandboxId;
      this.touchedNanos = touchedNanos;
    }
  }
}
