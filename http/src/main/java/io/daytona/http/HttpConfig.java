package io.daytona.http;

import io.daytona.wire.config.Config;

/**
 * Limits of every HTTP listener.
 *
 * @param maxConcurrentRequests requests served at once by one listener
 * @param maxSockets WebSockets open at once on one listener
 * @param maxConnections connections open at once on one listener, idle ones included
 * @param maxJsonBytes bytes of a JSON body
 * @param headerBytes bytes of a request's or reply's head
 * @param requestIdleSeconds seconds a request may stay silent
 * @param keepAliveSeconds seconds an idle connection stays open
 * @param stopSeconds seconds that running requests get when the server stops
 */
@Config(prefix = "HTTP")
public record HttpConfig(
    @Config.Key(
            value = "Requests one listener serves at once; more get 503 with Retry-After",
            fallback = "4096")
        int maxConcurrentRequests,
    @Config.Key(
            value = "WebSockets one listener keeps open at once; more get 503 with Retry-After",
            fallback = "4096")
        int maxSockets,
    @Config.Key(
            value = "Connections one listener keeps open at once; more get 503 with Retry-After",
            fallback = "9216")
        int maxConnections,
    @Config.Key(value = "Largest JSON body in bytes; more gets 413", fallback = "1048576")
        long maxJsonBytes,
    @Config.Key(
            value = "Largest head of a request or reply in bytes; more gets 431",
            fallback = "65536")
        int headerBytes,
    @Config.Key(
            value = "Seconds a running request may send and receive nothing; 7200 or more",
            fallback = "9000")
        int requestIdleSeconds,
    @Config.Key(value = "Seconds a connection without a request stays open", fallback = "300")
        int keepAliveSeconds,
    @Config.Key(
            value = "Seconds running requests get to end when the server stops, 0 to 40",
            fallback = "20")
        int stopSeconds) {

  private static final int LONGEST_STOP_SECONDS = 40;

  /** Checks the time to stop, after which the supervisor ends the server. */
  public HttpConfig {
    if (stopSeconds < 0 || stopSeconds > LONGEST_STOP_SECONDS) {
      throw new IllegalArgumentException(
          "DAYTONA_SERVER_HTTP_STOP_SECONDS is %d, allowed are 0 to %d"
              .formatted(stopSeconds, LONGEST_STOP_SECONDS));
    }
  }

  /** The limits that hold when nothing is configured. */
  public static HttpConfig defaults() {
    return new HttpConfig(4096, 4096, 9216, 1 << 20, 64 << 10, 9000, 300, 20);
  }
}
