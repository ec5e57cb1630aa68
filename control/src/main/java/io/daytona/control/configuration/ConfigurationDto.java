package io.daytona.control.configuration;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What clients are told about this installation (control-plane protocol §1.6).
 *
 * @param version release
 * @param oidc where to log in
 * @param linkedAccountsEnabled whether accounts can be linked
 * @param announcements texts for the dashboard by id
 * @param proxyTemplateUrl template of preview URLs
 * @param proxyToolboxUrl base of toolbox URLs
 * @param defaultSnapshot snapshot of creates that name none
 * @param dashboardUrl where the dashboard is
 * @param maxAutoArchiveInterval longest auto-archive interval in minutes
 * @param maintananceMode whether requests are refused; spelt so on the wire
 * @param environment name of the environment
 * @param rateLimit limits of request rates; absent where there are none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ConfigurationDto(
    String version,
    Oidc oidc,
    boolean linkedAccountsEnabled,
    Map<String, Announcement> announcements,
    String proxyTemplateUrl,
    String proxyToolboxUrl,
    String defaultSnapshot,
    String dashboardUrl,
    int maxAutoArchiveInterval,
    boolean maintananceMode,
    String environment,
    @Nullable RateLimits rateLimit) {

  /**
   * The OIDC issuer; all empty where logins are by API key only.
   *
   * @param issuer its URL
   * @param clientId id of the public client
   * @param audience audience of its tokens
   * @param provider kind of issuer, which newer clients (0.226) require: {@code oidc} for any that
   *     needs nothing beyond the standard
   */
  public record Oidc(String issuer, String clientId, String audience, String provider) {
    /** No issuer. */
    static final Oidc NONE = new Oidc("", "", "", "oidc");
  }

  /**
   * A text for the dashboard.
   *
   * @param text what it says
   */
  public record Announcement(String text) {}

  /**
   * Limits of request rates, those that there are.
   *
   * @param failedAuth refusals with 401 of one address
   * @param authenticated requests of one organization
   * @param sandboxCreate creations of sandboxes by one organization
   * @param sandboxLifecycle changes of sandboxes' states by one organization
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record RateLimits(
      @Nullable Rate failedAuth,
      @Nullable Rate authenticated,
      @Nullable Rate sandboxCreate,
      @Nullable Rate sandboxLifecycle) {

    /** Null when there is none of them. */
    static @Nullable RateLimits of(Map<Limiter, RateLimit> limits) {
      RateLimits told =
          new RateLimits(
              Rate.of(limits.get(Limiter.FAILED_AUTH)),
              Rate.of(limits.get(Limiter.AUTHENTICATED)),
              Rate.of(limits.get(Limiter.SANDBOX_CREATE)),
              Rate.of(limits.get(Limiter.SANDBOX_LIFECYCLE)));
      return told.equals(new RateLimits(null, null, null, null)) ? null : told;
    }
  }

  /**
   * One limit.
   *
   * @param ttl seconds of a window
   * @param limit times in it
   */
  public record Rate(int ttl, int limit) {
    private static @Nullable Rate of(@Nullable RateLimit limit) {
      return limit == null ? null : new Rate(limit.ttl(), limit.limit());
    }
  }
}
