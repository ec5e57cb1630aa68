package io.daytona.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says and logs what a client is told about a failure. */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private Failures() {}

  /** What the client is told about any failure. */
  static DaytonaException asError(Exception failure, Exchange exchange) {
    return switch (failure) {
      case DaytonaException known -> {
        if (known.kind().status() >= 500) {
          LOG.warn(
              "request failed: method={} path={} status={} message={}",
              exchange.method(),
              exchange.loggedPath(),
              known.kind().status(),
              known.sentence(),
              known.getCause());
        }
        yield known;
      }
      case EofException gone -> {
        LOG.debug("client left: path={}", exchange.loggedPath(), gone);
        yield DaytonaException.of(ErrorKind.REQUEST_TIMEOUT, "the request was not sent completely");
      }
      case IOException lost -> {
        LOG.info(
            "client or sandbox went away: method={} path={} cause={}",
            exchange.method(),
            exchange.loggedPath(),
            lost.toString());
        yield DaytonaException.of(
            ErrorKind.BAD_GATEWAY, "The connection was lost while the request ran.", lost);
      }
      case InterruptedException stopped ->
          DaytonaException.unavailable("The server is stopping.", Duration.ofSeconds(2));
      default -> {
        LOG.error(
            "unexpected failure: method={} path={}",
            exchange.method(),
            exchange.loggedPath(),
            failure);
        yield DaytonaException.of(ErrorKind.INTERNAL, "An unexpected error occurred.", failure);
      }
    };
  }

  /** Writes an error as the whole reply of a request that did not get as far as a servlet. */
  static void write(
      DaytonaException error,
      ErrorRenderer errors,
      Exchange exchange,
      Response response,
      Callback callback)
      throws JsonProcessingException {
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
