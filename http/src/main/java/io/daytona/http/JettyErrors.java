package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.nio.ByteBuffer;
import java.util.function.Function;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Gives errors that Jetty raises before routing (bad request line, headers too large) our shape.
 */
final class JettyErrors extends ErrorHandler {
  private static final int UPGRADE = 426;
  private static final int VERSION = 505;

  private final EdgeHandler edge;
  private final Function<String, ErrorRenderer> errors;

  JettyErrors(EdgeHandler edge, Function<String, ErrorRenderer> errors) {
    this.edge = edge;
    this.errors = errors;
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      @Nullable String message,
      @Nullable Throwable cause,
      Callback callback)
      throws java.io.IOException {
    boolean unseen = request.getAttribute(Exchange.ATTRIBUTE) == null;
    Exchange exchange = EdgeHandler.exchange(request);
    edge.decorate(response.getHeaders(), exchange);
    DaytonaException error = DaytonaException.of(kind(status), sentence(status));
    if (unseen) {
      exchange.refuse(error.code());
      edge.measured(exchange, status);
    }
    Object body =
        errors.apply(exchange.loggedPath()).render(error, exchange.method(), exchange.uri());
    response.getHeaders().put("Content-Type", "application/json; charset=utf-8");
    response.getHeaders().put("Server-Timing", exchange.serverTiming());
    response.write(true, ByteBuffer.wrap(Json.mapper().writeValueAsBytes(body)), callback);
  }

  private static ErrorKind kind(int status) {
    for (ErrorKind kind : ErrorKind.values()) {
      if (kind.status() == status) {
        return kind;
      }
    }
    return status < 500 || status == VERSION ? ErrorKind.BAD_REQUEST : ErrorKind.INTERNAL;
  }

  private static String sentence(int status) {
    return switch (status) {
      case 414, 431 -> "The head of the request is too large.";
      case 417 -> "The only expectation that is understood is 100-continue.";
      case UPGRADE, VERSION -> "The version of HTTP that is understood is 1.1.";
      case 408 -> "The request was not sent in time.";
      case 503 -> "The server is stopping.";
      default -> status < 500 ? "The request is not valid HTTP." : "An unexpected error occurred.";
    };
  }
}
