package io.daytona.control.configuration;

import java.util.Optional;

/**
 * The addresses that clients are told: configured ones, else those that follow from the request's
 * own host, so that a laptop, a tunnel and a server all work without configuration.
 */
public final class PublicUrls {
  private final Optional<String> publicUrl;
  private final Optional<String> proxyUrl;
  private final String proxyDomain;

  /**
   * @param publicUrl where clients reach the API's listener, without {@code /api}
   * @param proxyUrl where clients reach the proxy's listener, without {@code /toolbox}
   * @param proxyDomain domain of preview hosts, with a port where it is not the default
   */
  public PublicUrls(Optional<String> publicUrl, Optional<String> proxyUrl, String proxyDomain) {
    this.publicUrl = publicUrl.map(PublicUrls::withoutSlash);
    this.proxyUrl = proxyUrl.map(PublicUrls::withoutSlash);
    this.proxyDomain = proxyDomain;
  }

  /**
   * URL of the API's listener.
   *
   * @param origin {@code scheme://host[:port]} of the request
   */
  public String api(String origin) {
    return publicUrl.orElse(origin);
  }

  /** Base of toolbox URLs: clients append {@code /} and a sandbox id. */
  public String toolbox(String origin) {
    return proxyUrl.orElseGet(() -> sameHost(origin)) + "/toolbox";
  }

  /** Template of preview URLs (control-plane protocol §1.6). */
  public String previewTemplate(String origin) {
    return preview(origin, "{{PORT}}", "{{sandboxId}}");
  }

  /** URL of one port of one sandbox (control-plane protocol §7.1). */
  public String preview(String origin, String port, String sandboxId) {
    return scheme(proxyUrl.orElseGet(() -> api(origin)))
        + "://"
        + port
        + "-"
        + sandboxId
        + "."
        + proxyDomain;
  }

  private String sameHost(String origin) {
    int hostBegin = origin.indexOf("://") + 3;
    int colon = origin.lastIndexOf(':');
    // The last colon of [::1] belongs to the address.
    boolean hasPort = colon >= hostBegin && colon > origin.lastIndexOf(']');
    String host = hasPort ? origin.substring(0, colon) : origin;
    int port = proxyDomain.lastIndexOf(':');
    return port < 0 ? host : host + proxyDomain.substring(port);
  }

  private static String scheme(String url) {
    int end = url.indexOf("://");
    return end < 0 ? "http" : url.substring(0, end);
  }

  private static String withoutSlash(String url) {
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }
}
