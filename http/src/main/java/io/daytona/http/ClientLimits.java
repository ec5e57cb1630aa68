package io.daytona.http;

import io.daytona.wire.config.Config;
import java.util.Optional;

/**
 * What one client or organization may ask of a listener, so that it leaves room for the others.
 *
 * @param organizationShare percent of requests, WebSockets, connections and memory at once that one
 *     organization may have
 * @param bodyQueue requests that wait for memory of their body
 * @param bodyQueueSeconds seconds each waits
 * @param headSeconds seconds the head of a request may take
 * @param bodyBytesPerSecond least mean rate of a body
 * @param trustedProxies addresses and networks whose {@code X-Forwarded-For} counts
 */
@Config(prefix = "HTTP")
public record ClientLimits(
    @Config.Key(
            value =
                "Percent of a listener's requests, WebSockets, connections and memory at once that"
                    + " one organization may have; more gets 429",
            fallback = "75")
        int organizationShare,
    @Config.Key(
            value =
                "Requests that wait for memory of their JSON body; more get 503 with Retry-After",
            fallback = "256")
        int bodyQueue,
    @Config.Key(
            value = "Seconds a request waits for memory of its body before 503 with Retry-After",
            fallback = "10")
        int bodyQueueSeconds,
    @Config.Key(
            value = "Seconds the head of a request may take before the connection is closed",
            fallback = "30")
        int headSeconds,
    @Config.Key(
            value =
                "Bytes per second that a body must have on average, from its thirtieth second on,"
                    + " while the server waits for it; requests to programs in sandboxes may rest."
                    + " 0 is any",
            fallback = "256")
        int bodyBytesPerSecond,
    @Config.Key(
            value =
                "Addresses and networks of reverse proxies whose X-Forwarded-For is believed,"
                    + " separated by commas, as 10.0.0.7, 10.1.0.0/16 or fd00::/8",
            fallback = "<none>")
        Optional<String> trustedProxies) {

  /** Checks the ranges. */
  public ClientLimits {
    within("HTTP_ORGANIZATION_SHARE", organizationShare, 1, 100);
    within("HTTP_BODY_QUEUE", bodyQueue, 0, 100_000);
    within("HTTP_BODY_QUEUE_SECONDS", bodyQueueSeconds, 1, 300);
    within("HTTP_HEAD_SECONDS", headSeconds, 1, 3600);
    within("HTTP_BODY_BYTES_PER_SECOND", bodyBytesPerSecond, 0, 1 << 20);
    trustedProxies.ifPresent(TrustedProxies::of);
  }

  /** The limits that hold when nothing is configured. */
  public static ClientLimits defaults() {
    return new ClientLimits(75, 256, 10, 30, 256, Optional.empty());
  }

  private static void within(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "DAYTONA_SERVER_%s is %d, allowed are %d to %d".formatted(key, value, least, most));
    }
  }
}
