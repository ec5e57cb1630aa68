package io.daytona.http;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What browsers of other origins may do with a listener. */
public enum CorsPolicy {
  /**
   * Any origin is reflected, credentials are not allowed; every OPTIONS is a preflight
   * (control-plane protocol §1.1).
   */
  API,
  /**
   * Any origin is reflected with credentials, requested headers are echoed; {@code
   * X-Daytona-Disable-CORS: true} switches it off (toolbox protocol §1.8).
   */
  PROXY;

  private static final String METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS";

  /** Header that names what scripts may read of a reply. */
  static final String EXPOSE = "Access-Control-Expose-Headers";

  private static final String EXPOSED =
      "X-Request-Id, Server-Timing, X-Daytona-Api-Version, Retry-After";

  /** Reads one request header, null when absent. */
  interface Headers {
    @Nullable String get(String name);
  }

  /** Whether a request is answered here as a preflight. */
  boolean isPreflight(String method, Headers request) {
    if (!method.equals("OPTIONS")) {
      return false;
    }
    if (this == API) {
      return true;
    }
    return !disabled(request)
        && request.get("Origin") != null
        && request.get("Access-Control-Request-Method") != null;
  }

  /** Headers that the reply to a request gets. */
  Map<String, String> headers(String method, Headers request) {
    String origin = request.get("Origin");
    boolean preflight = isPreflight(method, request);
    if (disabled(request) || (origin == null && !preflight)) {
      return Map.of();
    }
    Map<String, String> headers = new LinkedHashMap<>();
    if (origin != null) {
      headers.put("Access-Control-Allow-Origin", origin);
      headers.put("Vary", "Origin");
      if (this == PROXY) {
        headers.put("Access-Control-Allow-Credentials", "true");
      }
    }
    if (!preflight) {
      headers.put(EXPOSE, EXPOSED);
      return headers;
    }
    headers.put("Access-Control-Allow-Methods", METHODS);
    String asked = request.get("Access-Control-Request-Headers");
    if (asked != null) {
      headers.put("Access-Control-Allow-Headers", asked);
      headers.put("Vary", "Origin, Access-Control-Request-Headers");
    }
    headers.put("Access-Control-Max-Age", "600");
    return headers;
  }

  private boolean disabled(Headers request) {
    return this == PROXY && "true".equalsIgnoreCase(request.get("X-Daytona-Disable-CORS"));
  }
}
