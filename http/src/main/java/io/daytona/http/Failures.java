package io.daytona.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says and logs what a client is told about a failure. */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private static final FaultLog FAULTS = new FaultLog(LOG, System::nanoTime);

  private Failures() {}

  /** What the client is told about any failure. */
  static DaytonaException asError(Exception failure, Exchange exchange) {
    return switch (failure) {
      case DaytonaException known -> {
        if (known.kind().status() >= 500) {
          // A sandbox can cause as many of these as it likes: one line, without a stack trace.
          FAULTS.write(
              LogContext.sandbox(),
              () ->
                  LOG.warn(
                      "request failed: method={} path={} status={} message={} cause={}",
                      exchange.method(),
                      exchange.loggedPath(),
                      known.kind().status(),
                      known.sentence(),
                      known.getCause() == null ? "-" : FaultLog.causes(known.getCause())));
        }
        yield known;
      }
      case EofException gone -> {
        LOG.debug("client left: path={}", exchange.loggedPath(), gone);
        yield DaytonaException.of(ErrorKind.REQUEST_TIMEOUT, "the request was not sent completely");
      }
      case IOException lost -> {
        FAULTS.write(
            LogContext.sandbox(),
            () ->
                LOG.info(
                    "client or sandbox went away: method={} path={} cause={}",
                    exchange.method(),
                    exchange.loggedPath(),
                    lost.toString()));
        yield DaytonaException.of(
            ErrorKind.BAD_GATEWAY, "The connection was lost while the request ran.", lost);
      }
      case InterruptedException stopped ->
          DaytonaException.unavailable("The server is stopping.", Duration.ofSeconds(2));
      case RuntimeException refused when refused instanceof HttpException http ->
          refused(http, exchange, refused);
      default -> unexpected(failure, exchange);
    };
  }

  /** Jetty's word for what a client sent, such as a list with a quote that does not end. */
  private static DaytonaException refused(
      HttpException http, Exchange exchange, RuntimeException failure) {
    return http.getCode() >= 400 && http.getCode() < 500
        ? DaytonaException.badRequest("A header of the request is not valid.")
        : unexpected(failure, exchange);
  }

  private static DaytonaException unexpected(Exception failure, Exchange exchange) {
    FAULTS.write(
        LogContext.sandbox(),
        () ->
            LOG.error(
                "unexpected failure: method={} path={}",
                exchange.method(),
                exchange.loggedPath(),
                failure));
    return DaytonaException.of(ErrorKind.INTERNAL, "An unexpected error occurred.", failure);
  }

  /** Writes an error as the whole reply of a request that did not get as far as a servlet. */
  static void write(
      DaytonaException error,
      ErrorRenderer errors,
      Exchange exchange,
      Response response,
      Callback callback)
      throws JsonProcessingException {
    exchange.refuse(error.code());
    byte[] body =
        Json.mapper().writeValueAsBytes(errors.render(error, exchange.method(), exchange.uri()));
    response.setStatus(error.kind().status());
    error
        .retryAfter()
        .ifPresent(after -> response.getHeaders().put("Retry-After", Replies.seconds(after)));
    response.getHeaders().put("Content-Type", "application/json; charset=utf-8");
    response.getHeaders().put("Server-Timing", exchange.serverTiming());
    response.write(true, ByteBuffer.wrap(body), callback);
  }
}
