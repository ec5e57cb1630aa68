package io.daytona.http;

import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the connections of clients that send a request so slowly that it only holds a place: a
 * head that is not complete in time, a body below a mean rate. An idle timeout does not find them,
 * for a byte now and then keeps them alive.
 *
 * <p>One thread looks at all connections now and then. Of a body only the time counts in which the
 * server waits for more of it, so that a slow reader behind it is not the client's fault.
 */
final class SlowClients implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SlowClients.class);

  private static final Set<HttpParser.State> HEAD =
      EnumSet.range(HttpParser.State.METHOD, HttpParser.State.HEADER);

  private final ServerConnector connector;
  private final long headNanos;
  private final long graceNanos;
  private final long bytesPerSecond;
  private final Map<EndPoint, Body> bodies = new HashMap<>();

  /** Since when a connection is known that has sent nothing; its own stamp is the wall clock's. */
  private final Map<EndPoint, Long> silent = new HashMap<>();

  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("http-slow-clients").daemon().factory());

  /**
   * @param grace how long a body may have any rate
   * @param every time between two looks
   */
  SlowClients(ServerConnector connector, ClientLimits limits, Duration grace, Duration every) {
    this.connector = connector;
    this.headNanos = TimeUnit.SECONDS.toNanos(limits.headSeconds());
    this.graceNanos = grace.toNanos();
    this.bytesPerSecond = limits.bodyBytesPerSecond();
    long nanos = every.toNanos();
    var _ = clock.scheduleWithFixedDelay(this::look, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** A body that is being sent. */
  private static final class Body {
    private final long begun;
    private final long bytesBefore;
    private long lookedAt;
    private long waited;

    Body(long begun, long bytesBefore, long now) {
      this.begun = begun;
      this.bytesBefore = bytesBefore;
      this.lookedAt = now;
    }
  }

  private void look() {
    try {
      bodies.keySet().removeIf(point -> !point.isOpen());
      silent.keySet().removeIf(point -> !point.isOpen());
      for (EndPoint point : connector.getConnectedEndPoints()) {
        if (point.getConnection() instanceof HttpConnection connection) {
          look(point, connection);
        }
      }
    } catch (RuntimeException e) {
      // An exception that left here would end all further looks.
      LOG.warn("connections cannot be looked at", e);
    }
  }

  private void look(EndPoint point, HttpConnection connection) {
    HttpParser parser = connection.getParser();
    long now = System.nanoTime();
    if (parser.inContentState()) {
      body(point, connection, parser, now);
      return;
    }
    bodies.remove(point);
    if (isInHead(parser) && now - parser.getBeginNanoTime() > headNanos) {
      close(point, "the head of a request took too long");
    } else if (hasSaidNothing(point, connection, parser, now)) {
      close(point, "no request was sent");
    }
  }

  private static boolean isInHead(HttpParser parser) {
    return parser.getBeginNanoTime() != 0 && HEAD.contains(parser.getState());
  }

  private boolean hasSaidNothing(
      EndPoint point, HttpConnection connection, HttpParser parser, long now) {
    return parser.isStart()
        && connection.getBytesIn() == 0
        && now - silent.computeIfAbsent(point, _ -> now) > headNanos;
  }

  private void body(EndPoint point, HttpConnection connection, HttpParser parser, long now) {
    long begun = parser.getBeginNanoTime();
    Body body = bodies.get(point);
    if (body == null || body.begun != begun) {
      bodies.put(point, new Body(begun, connection.getBytesIn(), now));
      return;
    }
    if (point instanceof AbstractEndPoint waiting && waiting.getFillInterest().isInterested()) {
      body.waited += now - body.lookedAt;
    }
    body.lookedAt = now;
    double seconds = body.waited / 1e9;
    if (body.waited > graceNanos
        && connection.getBytesIn() - body.bytesBefore < bytesPerSecond * seconds
        && !mayRest(connection)) {
      close(point, "the body of a request is too slow");
    }
  }

  /** Whether the body is a conversation with a program, in which silence is no fault. */
  private static boolean mayRest(HttpConnection connection) {
    Request request = connection.getHttpChannel().getRequest();
    return request != null
        && request.getAttribute(Exchange.ATTRIBUTE) instanceof Exchange exchange
        && exchange.mayRest();
  }

  private void close(EndPoint point, String reason) {
    LOG.info("closed the connection of {}: {}", point.getRemoteSocketAddress(), reason);
    bodies.remove(point);
    point.close(new TimeoutException(reason));
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
