package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.eclipse.jetty.ee10.servlet.ServletApiResponse;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the one reply of a request; the only place where errors become HTTP. */
final class Replies {
  private static final Logger LOG = LoggerFactory.getLogger(Replies.class);
  private static final String JSON = "application/json; charset=utf-8";

  private final HttpServletResponse response;
  private final Exchange exchange;

  Replies(HttpServletResponse response, Exchange exchange) {
    this.response = response;
    this.exchange = exchange;
  }

  /** Writes what a handler returned. */
  <R> void success(Endpoint<?, R> endpoint, @Nullable R reply)
      throws IOException, InterruptedException {
    if (reply instanceof RawReply raw) {
      stream(raw);
    } else if (reply != null) {
      json(endpoint.status(), reply);
    } else if (endpoint.reply() == Void.class) {
      head(endpoint.status());
      if (endpoint.status() != HttpServletResponse.SC_NO_CONTENT) {
        response.setContentLengthLong(0);
      }
    } else {
      throw new IllegalStateException(endpoint.operation() + " returned no reply");
    }
  }

  /** Writes an error; when a reply has begun the connection is cut instead. */
  void failure(ErrorRenderer errors, Exception failure) {
    DaytonaException error = Failures.asError(failure, exchange);
    exchange.refuse(error.code());
    try {
      if (response.isCommitted()) {
        cut(failure);
        return;
      }
      response.resetBuffer();
      response.setHeader("Content-Length", null);
      error.retryAfter().ifPresent(after -> response.setHeader("Retry-After", seconds(after)));
      json(error.kind().status(), body(errors, error));
    } catch (IOException gone) {
      LOG.debug("client left before its error reply: path={}", exchange.loggedPath(), gone);
    }
  }

  private Object body(ErrorRenderer errors, DaytonaException error) {
    return error.code().equals(ErrorRenderer.MALFORMED_JSON)
        ? errors.renderMalformedJson(error, exchange.method(), exchange.uri())
        : errors.render(error, exchange.method(), exchange.uri());
  }

  private void json(int status, Object value) throws IOException {
    byte[] bytes = Json.mapper().writeValueAsBytes(value);
    head(status);
    response.setContentType(JSON);
    response.setContentLengthLong(bytes.length);
    if (!isHead()) {
      response.getOutputStream().write(bytes);
    }
  }

  private void stream(RawReply raw) throws IOException, InterruptedException {
    boolean written = false;
    try {
      raw.headers().forEach(response::setHeader);
      raw.further().forEach(header -> response.addHeader(header.getKey(), header.getValue()));
      head(raw.status());
      if (!raw.contentType().isEmpty()) {
        response.setContentType(raw.contentType());
      }
      if (raw.contentLength() >= 0) {
        response.setContentLengthLong(raw.contentLength());
      } else if (endsConnection()) {
        response.setHeader("Transfer-Encoding", "chunked");
      }
      if (!isHead()) {
        written = true;
        write(raw.writer());
      }
    } finally {
      if (!written) {
        raw.writer().discard();
      }
    }
  }

  /** A writer that waits for something to write is interrupted when nobody reads any more. */
  private void write(RawReply.Writer writer) throws IOException, InterruptedException {
    Runnable interrupt = Thread.currentThread()::interrupt;
    try (Call.Watch _ = exchange.whenClientLeaves(interrupt);
        Call.Watch _ = writer.isEndless() ? exchange.untilStop(interrupt) : () -> {}) {
      writer.write(response.getOutputStream());
    }
  }

  private void head(int status) {
    response.setStatus(status);
    response.setHeader("Server-Timing", exchange.serverTiming());
  }

  private boolean isHead() {
    return exchange.method().equals("HEAD");
  }

  /**
   * Whether the client wants the connection closed after the reply. Jetty then leaves out the
   * chunks, and the client cannot tell the end of the body from its loss.
   */
  private boolean endsConnection() {
    Request request = request();
    return request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1
        && request.getHeaders().contains(HttpHeader.CONNECTION, "close");
  }

  private void cut(Exception failure) {
    request().getConnectionMetaData().getConnection().getEndPoint().close(failure);
  }

  private Request request() {
    return ((ServletApiResponse) response).getServletRequestInfo().getRequest();
  }

  static String seconds(Duration wait) {
    return Long.toString(Math.max(1, wait.plusMillis(999).toSeconds()));
  }
}
