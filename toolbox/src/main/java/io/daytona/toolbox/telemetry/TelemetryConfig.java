package io.daytona.toolbox.telemetry;

import io.daytona.wire.config.Config;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Configuration of the telemetry of sandboxes.
 *
 * @param endpoint where it goes
 * @param interval time between two exports of a sandbox
 */
@Config(prefix = "OTEL")
public record TelemetryConfig(
    @Config.Key(
            value =
                "OTLP receiver (http or https URL, without /v1/...) that the telemetry of sandboxes"
                    + " goes to and that every sandbox sees as DAYTONA_OTEL_ENDPOINT",
            fallback = "<none>")
        Optional<String> endpoint,
    @Config.Key(value = "Time between two exports of a sandbox, 100ms to 1h", fallback = "60s")
        Duration interval) {
  /** Variable of a sandbox that names the receiver of its telemetry. */
  public static final String ENDPOINT = "DAYTONA_OTEL_ENDPOINT";

  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofHours(1);

  /** Checks the ranges. */
  public TelemetryConfig {
    if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "the interval is %s, allowed are %s to %s".formatted(interval, SHORTEST, LONGEST));
    }
    if (endpoint.isPresent() && Endpoints.parse(endpoint.get()).isEmpty()) {
      // Not quoted: whoever put a password there must not find it in a log.
      throw new IllegalArgumentException(
          "the endpoint is not an http or https URL of a host without user, query and fragment");
    }
  }

  /** No receiver of the operator's. */
  public static TelemetryConfig defaults() {
    return new TelemetryConfig(Optional.empty(), Duration.ofSeconds(60));
  }

  /** What every sandbox gets in its environment. */
  public Map<String, String> environment() {
    return endpoint.map(url -> Map.of(ENDPOINT, url)).orElse(Map.of());
  }

  Optional<URI> receiver() {
    return endpoint.flatMap(Endpoints::parse);
  }
}
