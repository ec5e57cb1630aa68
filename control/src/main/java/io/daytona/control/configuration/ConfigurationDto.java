package io.daytona.control.configuration;

import java.util.Map;

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
 */
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
    String environment) {

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
}
