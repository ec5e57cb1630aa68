package io.daytona.server;

import io.daytona.control.ControlConfig;
import io.daytona.http.ClientLimits;
import io.daytona.http.HttpConfig;
import io.daytona.http.limit.RateLimitConfig;
import io.daytona.runner.RunnerConfig;
import io.daytona.server.config.ConfigBinder;
import io.daytona.server.config.Settings;
import io.daytona.server.config.SettingsFile;
import io.daytona.toolbox.telemetry.TelemetryConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All configuration of one process.
 *
 * @param server of the process
 * @param http of its listeners
 * @param clients what one client may ask of them
 * @param control of the control plane
 * @param runner of the runner
 * @param network of package registries
 * @param telemetry of sandboxes
 * @param rateLimits of requests
 */
record Configuration(
    ServerConfig server,
    HttpConfig http,
    ClientLimits clients,
    ControlConfig control,
    RunnerConfig runner,
    NetworkConfig network,
    TelemetryConfig telemetry,
    RateLimitConfig rateLimits) {

  private static final List<Class<? extends Record>> RECORDS =
      List.of(
          ServerConfig.class,
          ControlConfig.class,
          RunnerConfig.class,
          HttpConfig.class,
          ClientLimits.class,
          NetworkConfig.class,
          TelemetryConfig.class,
          RateLimitConfig.class);

  /**
   * Collects what was set.
   *
   * @param file configuration file, null for none
   * @param dataDir data directory of the command line, null for none
   * @throws io.daytona.server.config.ConfigException naming a key that is unknown
   */
  static Settings settings(
      Map<String, String> environment, @Nullable Path file, @Nullable Path dataDir) {
    Settings settings = Settings.of(RECORDS);
    if (file != null) {
      settings = settings.with(SettingsFile.read(file), "file " + file, false);
    }
    settings = settings.with(environment, "environment", true);
    return dataDir == null
        ? settings
        : settings.with("DAYTONA_SERVER_DATA_DIR", dataDir.toString());
  }

  /** The process's own part, known before its ports are. */
  static ServerConfig server(Settings settings) {
    return new ConfigBinder(settings).bind(ServerConfig.class);
  }

  /**
   * Everything, once the proxy's port is known.
   *
   * @param proxyPort port the proxy really listens on
   */
  static Configuration of(Settings settings, int proxyPort) {
    ServerConfig server = server(settings);
    Settings known = settings;
    if (!known.isSet("DAYTONA_SERVER_RUNNER_DATA_DIRECTORY")) {
      known = known.with("DAYTONA_SERVER_RUNNER_DATA_DIRECTORY", server.dataDir().toString());
    }
    String domain = new ConfigBinder(known).bind(ControlConfig.class).proxyDomain();
    known = known.with("DAYTONA_SERVER_PROXY_DOMAIN", withPort(known, domain, proxyPort));
    ConfigBinder binder = new ConfigBinder(known);
    return new Configuration(
        server,
        binder.bind(HttpConfig.class),
        binder.bind(ClientLimits.class),
        binder.bind(ControlConfig.class),
        binder.bind(RunnerConfig.class),
        binder.bind(NetworkConfig.class),
        binder.bind(TelemetryConfig.class),
        binder.bind(RateLimitConfig.class));
  }

  /** A domain that was not configured, or with port 0, gets the port that is listened on. */
  private static String withPort(Settings settings, String domain, int port) {
    boolean chosen = settings.isSet("DAYTONA_SERVER_PROXY_DOMAIN") && !domain.endsWith(":0");
    int colon = domain.lastIndexOf(':');
    String host = colon < 0 ? domain : domain.substring(0, colon);
    return chosen ? domain : host + ":" + port;
  }
}
