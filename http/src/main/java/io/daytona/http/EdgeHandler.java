package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs before routing: gives every request an id, sets the headers that every reply carries,
 * answers preflights, refuses requests above the cap and rewrites paths.
 */
final class EdgeHandler extends Handler.Wrapper {
  /** The access log: a line for each request, at level debug. */
  static final Logger LOG = LoggerFactory.getLogger("io.daytona.http.access");

  private final String version;
  private final CorsPolicy cors;
  private final RequestRewriter rewriter;
  private final TrustedProxies proxies;
  private final RunningRequests running;
  private final Function<String, ErrorRenderer> errors;
  private final CompletableFuture<?> ready;
  private final Departures departures;
  private final RequestMeter meter;

  EdgeHandler(
      String version,
      CorsPolicy cors,
      RequestRewriter rewriter,
      TrustedProxies proxies,
      RunningRequests running,
      Function<String, ErrorRenderer> errors,
      CompletableFuture<?> ready,
      Departures departures,
      RequestMeter meter) {
    this.version = version;
    this.cors = cors;
    this.rewriter = rewriter;
    this.proxies = proxies;
    this.running = running;
    this.errors = errors;
    this.ready = ready;
    this.departures = departures;
    this.meter = meter;
  }

  /** The exchange of a request that came through here. */
  static Exchange exchange(HttpServletRequest request) {
    if (request.getAttribute(Exchange.ATTRIBUTE) instanceof Exchange exchange) {
      return exchange;
    }
    throw new IllegalStateException("the request did not come through the edge");
  }

  @Override
  public boolean handle(Request request, Response plain, Callback callback) throws Exception {
    HttpFields head = request.getHeaders();
    Exchange exchange =
        Exchange.begin(
            head.get("X-Request-Id"),
            request.getMethod(),
            request.getHttpURI().getPathQuery(),
            request.getBeginNanoTime());
    request.setAttribute(Exchange.ATTRIBUTE, exchange);
    Response response = new UnreadBody(exchange, request, plain);
    ConnectionMetaData connection = request.getConnectionMetaData();
    exchange.client(
        connection.getRemoteSocketAddress(), proxies, head.getValuesList("X-Forwarded-For"));
    exchange.connection(connection);
    exchange.departures(
        action ->
            departures.watch(
                connection.getLocalSocketAddress(), connection.getRemoteSocketAddress(), action),
        departures::untilStop);
    decorate(response.getHeaders(), exchange);
    cors.headers(request.getMethod(), head::get)
        .forEach((name, value) -> response.getHeaders().put(name, value));
    if (cors.isPreflight(request.getMethod(), head::get)) {
      response.setStatus(204);
      response.getHeaders().put("Server-Timing", exchange.serverTiming());
      callback.succeeded();
      return true;
    }
    DaytonaException refused = malformed(request);
    if (refused == null) {
      refused = enter(request);
    }
    if (refused != null) {
      if (running.draining()) {
        response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE);
      }
      Failures.write(refused, errors.apply(exchange.loggedPath()), exchange, response, callback);
      measured(exchange, response.getStatus());
      logged(exchange, response.getStatus(), null);
      return true;
    }
    Request.addCompletionListener(request, failure -> completed(exchange, response, failure));
    return super.handle(rewritten(request), response, callback);
  }

  /** What is HTTP, but not served. */
  private static @Nullable DaytonaException malformed(Request request) {
    String path = request.getHttpURI().getPath();
    if (path == null || !path.startsWith("/")) {
      return DaytonaException.badRequest("The target of a request must be a path.");
    }
    // Whatever else there is besides the chunks would be taken off without being decoded.
    boolean understood =
        request.getHeaders().getValuesList(HttpHeader.TRANSFER_ENCODING).stream()
            .allMatch("chunked"::equalsIgnoreCase);
    return understood
        ? null
        : DaytonaException.badRequest("The only transfer coding that is understood is chunked.");
  }

  /** Sets what every reply carries, errors included. */
  void decorate(HttpFields.Mutable headers, Exchange exchange) {
    headers.put("X-Request-Id", exchange.requestId());
    headers.put("X-Daytona-Api-Version", version);
  }

  /** The exchange of a request, begun now when it was refused before it came here. */
  static Exchange exchange(Request request) {
    return request.getAttribute(Exchange.ATTRIBUTE) instanceof Exchange known
        ? known
        : Exchange.begin(
            null,
            request.getMethod(),
            request.getHttpURI().getPathQuery(),
            request.getBeginNanoTime());
  }

  private void completed(Exchange exchange, Response response, @Nullable Throwable failure) {
    running.leave();
    measured(exchange, response.getStatus());
    logged(exchange, response.getStatus(), failure);
  }

  /** A line in the access log, with the ids of the request on a thread that may serve another. */
  private static void logged(Exchange exchange, int status, @Nullable Throwable failure) {
    if (!LOG.isDebugEnabled()) {
      return;
    }
    Map<String, String> others = LogContext.current();
    LogContext.replace(exchange.ids());
    try {
      LOG.debug(
          "method={} path={} status={} ms={} failure={}",
          exchange.method(),
          exchange.loggedPath(),
          status,
          String.format(Locale.ROOT, "%.3f", exchange.elapsedMillis()),
          failure == null ? "-" : failure.toString());
    } finally {
      LogContext.replace(others);
    }
  }

  /** A request has ended. */
  void measured(Exchange exchange, int status) {
    meter.ended(exchange.operation(), status, exchange.refusal(), exchange.elapsedNanos());
  }

  /** Requests that are being served. */
  RunningRequests running() {
    return running;
  }

  private @Nullable DaytonaException enter(Request request) {
    try {
      ready.join();
    } catch (CompletionException | CancellationException e) {
      return DaytonaException.unavailable("The server does not start.", Duration.ofSeconds(5));
    }
    return running.enter(request.getHeaders().get(HttpServer.DRAIN_PASS));
  }

  private Request rewritten(Request request) {
    String host = Request.getServerName(request);
    String path = request.getHttpURI().getPath();
    String target = rewriter.rewrite(host == null ? "" : host.toLowerCase(Locale.ROOT), path);
    return target == null
        ? request
        : Request.serveAs(request, HttpURI.build(request.getHttpURI()).path(target).asImmutable());
  }
}
