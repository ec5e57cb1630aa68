package io.daytona.gateway;

import io.daytona.http.Access;
import io.daytona.http.Authenticator;
import io.daytona.http.CorsPolicy;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.ErrorRenderer;
import io.daytona.http.HttpServer;
import io.daytona.http.RequestObserver;
import io.daytona.http.limit.RateLimiters;
import io.daytona.wire.access.SandboxGate;
import java.time.Duration;
import java.util.List;

/**
 * The listener in front of every sandbox's toolbox: {@code /toolbox/{sandboxId}/…} and the host
 * {@code 2280-{sandboxId}.…} are the same routes, behind the same authorization (toolbox protocol
 * §1.8).
 */
public final class ToolboxGateway implements AutoCloseable {
  private static final String PREFIX = "/toolbox/{" + SandboxAuthenticator.SANDBOX + "}";
  static final Duration TOUCH_EVERY = Duration.ofSeconds(50);
  // Programs and files travel in JSON here, so more than the API's limit.
  static final long MAX_JSON_BYTES = 4L << 20;

  private final EndpointTable toolbox;
  private final List<Endpoint<?, ?>> health;
  private final Authenticator authenticator;
  private final ErrorRenderer errors;
  private final Activity activity;
  private final RequestObserver observer;
  private final HostRewriter rewriter;

  /**
   * A gateway; it serves once {@link #attach attached} to a listener.
   *
   * @param gate decides who may reach which sandbox
   * @param toolbox the toolbox's table
   * @param errors shape of its errors
   * @param version release that {@code /health} answers
   * @param proxyDomain domain of preview hosts, with or without a port
   * @param limits bounds failed attempts to be let in; the API's, so that nobody tries here what is
   *     refused there
   */
  public ToolboxGateway(
      SandboxGate gate,
      EndpointTable toolbox,
      ErrorRenderer errors,
      String version,
      String proxyDomain,
      RateLimiters limits) {
    this(gate, toolbox, errors, version, proxyDomain, limits, TOUCH_EVERY, Shares.MAX_OPEN);
  }

  ToolboxGateway(
      SandboxGate gate,
      EndpointTable toolbox,
      ErrorRenderer errors,
      String version,
      String proxyDomain,
      RateLimiters limits,
      Duration touchEvery,
      int maxOpen) {
    this.toolbox = Guarded.members(toolbox);
    this.health =
        List.of(
            Endpoint.get(
                "/health",
                "ProxyHealth",
                "Tells that the proxy serves.",
                Access.PUBLIC,
                Health.class,
                call -> new Health("ok", version)));
    this.authenticator = limits.around(new SandboxAuthenticator(gate));
    this.errors = errors;
    this.activity = new Activity(gate::touch, touchEvery);
    this.observer = new Shares(activity, maxOpen);
    this.rewriter = new HostRewriter(proxyDomain);
  }

  /** Serves on a listener. */
  public HttpServer.Builder attach(HttpServer.Builder listener) {
    return listener
        .cors(CorsPolicy.PROXY)
        .maxJsonBytes(MAX_JSON_BYTES)
        .rewrite(rewriter)
        .mount(PREFIX, toolbox, authenticator, errors, observer)
        .mount("", health, authenticator, errors);
  }

  /** Stops noting activity; call it after the listener has stopped. */
  @Override
  public void close() {
    activity.close();
  }

  /**
   * Reply of {@code /health} (control-plane protocol §7.2).
   *
   * @param status {@code ok}
   * @param version release
   */
  record Health(String status, String version) {}
}
