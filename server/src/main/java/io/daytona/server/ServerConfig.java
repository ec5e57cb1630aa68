package io.daytona.server;

import io.daytona.wire.config.Config;
import io.daytona.wire.failpoint.Failpoints;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Configuration of the process.
 *
 * @param dataDir directory of all state
 * @param bind address of both listeners
 * @param apiPort port of the API, 0 for any free one
 * @param proxyPort port of the proxy, 0 for any free one
 * @param databaseUrl PostgreSQL to use instead of the embedded one
 * @param databaseConnections connections kept to PostgreSQL
 * @param accessLog whether every request is a line in the log
 * @param metricsToken token of who may read the metrics
 * @param failpoints directory where a test arms failpoints
 */
@Config(prefix = "")
public record ServerConfig(
    @Config.Key(value = "Directory of all state", fallback = "/var/lib/daytona") Path dataDir,
    @Config.Key(value = "Address both listeners bind", fallback = "127.0.0.1") String bind,
    @Config.Key(value = "Port of the API; 0 is any free one", fallback = "3000") int apiPort,
    @Config.Key(value = "Port of the toolbox proxy; 0 is any free one", fallback = "4000")
        int proxyPort,
    @Config.Key(
            value =
                "PostgreSQL to use, postgresql://user:password@host:port/database; absent: an"
                    + " embedded one",
            fallback = "<none>",
            secret = true)
        Optional<String> databaseUrl,
    @Config.Key(value = "Most connections to PostgreSQL, 2 to 40", fallback = "12")
        int databaseConnections,
    @Config.Key(
            value = "Whether every request is a line in the log, with its status and time",
            fallback = "false")
        boolean accessLog,
    @Config.Key(
            value =
                "Bearer token that opens /metrics and nothing else, 16 characters or more; the"
                    + " administrator's API key opens it, too",
            fallback = "<none>",
            secret = true)
        Optional<String> metricsToken,
    @Config.Key(
            value = "Directory where a test arms failpoints; absent: there are none",
            fallback = "<none>")
        Optional<Path> failpoints) {

  /** Where a test holds threads; nowhere in production. */
  Failpoints armed() {
    return Failpoints.in(failpoints.orElse(null));
  }

  private static final int SHORTEST_TOKEN = 16;

  /** Checks the ranges. */
  public ServerConfig {
    port("API port", apiPort);
    port("proxy port", proxyPort);
    if (apiPort != 0 && apiPort == proxyPort) {
      throw new IllegalArgumentException("API and proxy cannot both have port " + apiPort);
    }
    if (databaseConnections < 2 || databaseConnections > 40) {
      throw new IllegalArgumentException(
          "database connections is " + databaseConnections + ", allowed are 2 to 40");
    }
    if (metricsToken.filter(token -> token.length() < SHORTEST_TOKEN).isPresent()) {
      throw new IllegalArgumentException(
          "the metrics token is too short, it must have " + SHORTEST_TOKEN + " characters or more");
    }
    if (!dataDir.isAbsolute()) {
      throw new IllegalArgumentException("the data directory is not absolute: " + dataDir);
    }
  }

  private static void port(String name, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(name + " is " + port + ", allowed are 0 to 65535");
    }
  }

  /** Hides the database's password. */
  @Override
  public String toString() {
    return "ServerConfig[dataDir=%s, bind=%s, apiPort=%d, proxyPort=%d]"
        .formatted(dataDir, bind, apiPort, proxyPort);
  }
}
