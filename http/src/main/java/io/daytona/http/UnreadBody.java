package io.daytona.http;

import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * A response that lets a refusal reach its client whole: what the client still sends of the refused
 * body is read and dropped before the reply goes out, so that neither it nor the next request on
 * the connection meets a reset. What is too long or too slow is left, and the reply says that the
 * connection closes.
 */
final class UnreadBody extends Response.Wrapper {
  private static final long MOST_BYTES = 8 << 20;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Exchange exchange;
  private boolean settled;

  UnreadBody(Exchange exchange, Request request, Response wrapped) {
    super(request, wrapped);
    this.exchange = exchange;
  }

  @Override
  public void write(boolean last, @Nullable ByteBuffer content, Callback callback) {
    if (!settled) {
      settled = true;
      if (exchange.isRefused() && !isCommitted() && !isReadToItsEnd(getRequest())) {
        getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
      }
    }
    super.write(last, content, callback);
  }

  private static boolean isReadToItsEnd(Request request) {
    // A client that waits for leave to send its body sends none after a refusal.
    if (request.getLength() > MOST_BYTES || request.getHeaders().contains(HttpHeader.EXPECT)) {
      return request.getLength() == 0;
    }
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    long left = MOST_BYTES;
    while (left > 0) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        if (!arrives(request, deadline - System.nanoTime())) {
          return false;
        }
        continue;
      }
      left -= chunk.remaining();
      chunk.release();
      if (Content.Chunk.isFailure(chunk)) {
        return false;
      }
      if (chunk.isLast()) {
        return true;
      }
    }
    return false;
  }

  private static boolean arrives(Request request, long nanos) {
    CountDownLatch more = new CountDownLatch(1);
    try {
      request.demand(more::countDown);
    } catch (IllegalStateException e) {
      return false; // somebody still waits for the body, as for that of a request passed on
    }
    try {
      return more.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
