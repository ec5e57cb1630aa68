package io.daytona.server.metrics;

import io.daytona.http.RequestMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Histograms and counters of one listener's requests.
 *
 * <p>Labels are operation ids and wire codes of this program, never what a client sent, so their
 * number is bounded. A request costs two look-ups and some additions, no lock.
 */
final class RequestMetrics implements RequestMeter {
  /** Operation id of the create (control-plane protocol §2). */
  static final String CREATE = "createSandbox";

  /** Operation id of the toolbox's one-shot command. */
  static final String EXEC = "ExecuteCommand";

  private static final String UNROUTED = "none";
  private static final String OTHER = "OTHER";
  private static final Pattern CODE = Pattern.compile("[A-Z][A-Z0-9_]{0,63}");
  private static final int MOST_CODES = 256;

  private final MeterRegistry registry;
  private final String listener;
  private final ConcurrentHashMap<String, Timers> timers = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Counter> refusals = new ConcurrentHashMap<>();

  /**
   * @param registry where the metrics are
   * @param listener name of the listener
   */
  RequestMetrics(MeterRegistry registry, String listener) {
    this.registry = registry;
    this.listener = listener;
  }

  @Override
  public void ended(@Nullable String operation, int status, @Nullable String code, long nanos) {
    String endpoint = operation == null ? UNROUTED : operation;
    Timers known = timers.get(endpoint);
    if (known == null) {
      known = timers.computeIfAbsent(endpoint, Timers::new);
    }
    known.record(status, nanos);
    if (code != null) {
      refusal(code).increment();
    }
  }

  private Counter refusal(String code) {
    Counter known = refusals.get(code);
    if (known != null) {
      return known;
    }
    boolean plain = CODE.matcher(code).matches() && refusals.size() < MOST_CODES;
    return refusals.computeIfAbsent(
        plain ? code : OTHER,
        label ->
            Counter.builder("daytona.refusals")
                .description("Error replies by wire code")
                .tag("listener", listener)
                .tag("code", label)
                .register(registry));
  }

  /** The timers of one endpoint, one for each class of status, made when first needed. */
  private final class Timers {
    private static final int CLASSES = 6;

    private final String endpoint;
    private final @Nullable Timer[] requests = new @Nullable Timer[CLASSES];
    private final @Nullable Timer[] own = new @Nullable Timer[CLASSES];

    Timers(String endpoint) {
      this.endpoint = endpoint;
    }

    void record(int status, long nanos) {
      int statusClass = Math.clamp(status / 100, 1, CLASSES - 1);
      Timer timer = requests[statusClass];
      if (timer == null) {
        // Registering twice gives the same timer, so two threads may meet here.
        timer = request(statusClass);
        requests[statusClass] = timer;
      }
      timer.record(nanos, TimeUnit.NANOSECONDS);
      if (endpoint.equals(CREATE) || endpoint.equals(EXEC)) {
        Timer special = own[statusClass];
        if (special == null) {
          special = special(statusClass);
          own[statusClass] = special;
        }
        special.record(nanos, TimeUnit.NANOSECONDS);
      }
    }

    private Timer request(int statusClass) {
      return timer("daytona.http.request.duration", "Time of requests", Buckets.REQUEST)
          .tag("listener", listener)
          .tag("endpoint", endpoint)
          .tag("status", statusClass + "xx")
          .register(registry);
    }

    private Timer special(int statusClass) {
      String outcome =
          switch (statusClass) {
            case 2 -> "ok";
            case 5 -> "failed";
            default -> "refused";
          };
      Timer.Builder builder =
          endpoint.equals(CREATE)
              ? timer(
                  "daytona.sandbox.create.duration",
                  "Time from the request for a sandbox until its answer",
                  Buckets.CREATE)
              : timer(
                  "daytona.sandbox.exec.duration",
                  "Time of one-shot commands, their own running time included",
                  Buckets.EXEC);
      return builder.tag("outcome", outcome).register(registry);
    }

    private static Timer.Builder timer(String name, String description, Duration[] bounds) {
      return Timer.builder(name).description(description).serviceLevelObjectives(bounds);
    }
  }
}
