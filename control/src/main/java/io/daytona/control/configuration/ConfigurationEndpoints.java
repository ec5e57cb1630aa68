package io.daytona.control.configuration;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of the endpoint table that anybody may read. */
public final class ConfigurationEndpoints {
  private final PublicUrls urls;
  private final String version;
  private final String environment;
  private final String defaultSnapshot;
  private final int maxAutoArchiveInterval;
  private final ConfigurationDto.@Nullable RateLimits rateLimits;

  /**
   * @param urls public addresses
   * @param version release
   * @param environment name of the environment
   * @param defaultSnapshot snapshot of creates that name none
   * @param maxAutoArchiveInterval longest auto-archive interval in minutes
   * @param rateLimits limits of request rates
   */
  public ConfigurationEndpoints(
      PublicUrls urls,
      String version,
      String environment,
      String defaultSnapshot,
      int maxAutoArchiveInterval,
      Map<Limiter, RateLimit> rateLimits) {
    this.urls = urls;
    this.version = version;
    this.environment = environment;
    this.defaultSnapshot = defaultSnapshot;
    this.maxAutoArchiveInterval = maxAutoArchiveInterval;
    this.rateLimits = ConfigurationDto.RateLimits.of(rateLimits);
  }

  /** The rows. */
  public List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.get(
            "/config",
            "ConfigController_getConfig",
            "What clients need to know about this installation",
            Access.PUBLIC,
            ConfigurationDto.class,
            call -> configuration(call.origin())),
        Endpoint.get(
                "/health",
                "HealthController_live",
                "Whether the API answers",
                Access.PUBLIC,
                HealthDto.class,
                call -> new HealthDto("ok"))
            // What watches over the server asks from an address that others may share.
            .uncounted());
  }

  private ConfigurationDto configuration(String origin) {
    return new ConfigurationDto(
        version,
        ConfigurationDto.Oidc.NONE,
        false,
        Map.of(),
        urls.previewTemplate(origin),
        urls.toolbox(origin),
        defaultSnapshot,
        urls.api(origin) + "/dashboard",
        maxAutoArchiveInterval,
        false,
        environment,
        rateLimits);
  }
}
