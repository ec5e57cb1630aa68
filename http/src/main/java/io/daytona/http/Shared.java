package io.daytona.http;

import io.daytona.wire.access.Subject;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.admission.Level;
import io.daytona.wire.admission.Limits;
import java.time.Duration;
import java.util.List;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.jspecify.annotations.Nullable;

/**
 * What the organizations that use a listener share: places for requests and WebSockets, memory of
 * bodies and messages. None has all of any of them.
 *
 * @param requests requests that were let in and run
 * @param sockets WebSockets that are open
 * @param connections connections that have carried a request
 * @param bodies memory of JSON bodies
 * @param messages memory of messages
 */
record Shared(
    Bulkhead requests,
    Bulkhead sockets,
    Bulkhead connections,
    BodyBudget bodies,
    BodyBudget messages) {
  private static final String OWNER = Owned.class.getName();

  /** Of whoever needs no key. */
  private static final String NOBODY = "";

  static Shared of(HttpConfig config, ClientLimits limits) {
    int percent = limits.organizationShare();
    Duration patience = Duration.ofSeconds(limits.bodyQueueSeconds());
    return new Shared(
        places("requests", "requests that run", config.maxConcurrentRequests(), percent),
        places("sockets", "WebSockets that are open", config.maxSockets(), percent),
        places("connections", "open connections", config.maxConnections(), percent),
        BodyBudget.ofHeap("bodies", "large request bodies", percent, limits.bodyQueue(), patience),
        // Whoever reads a socket must not wait: the peer is told to come again.
        BodyBudget.ofHeap("messages", "large messages", percent, 0, Duration.ZERO));
  }

  private static Bulkhead places(String name, String what, int most, int percent) {
    return new Bulkhead(name, what, Limits.of(most, 0, Duration.ZERO, percent));
  }

  /** Whom a principal speaks for; empty for one that tells no organization. */
  static String organization(Object principal) {
    return principal instanceof Subject subject ? subject.organizationId() : NOBODY;
  }

  /**
   * One place, held until it is closed.
   *
   * @throws io.daytona.wire.error.DaytonaException 429 when the organization has its share, 503
   *     when there is none
   */
  static Bulkhead.Hold place(Bulkhead places, String organization) {
    Bulkhead.Hold hold = places.hold(organization);
    if (!hold.tryTake(1)) {
      throw places.full(organization);
    }
    return hold;
  }

  /**
   * Counts a connection for the first organization that uses it, until it is closed.
   *
   * @return whether it may stay open when the request ends
   */
  boolean keeps(ConnectionMetaData connection, String organization) {
    if (connection.getAttribute(OWNER) != null) {
      return true;
    }
    Bulkhead.Hold hold = connections.hold(organization);
    if (!hold.tryTake(1)) {
      return false;
    }
    Owned owned = new Owned(hold);
    connection.setAttribute(OWNER, owned);
    connection.getConnection().addEventListener(owned);
    if (!connection.getConnection().getEndPoint().isOpen()) {
      owned.onClosed(connection.getConnection());
    }
    return true;
  }

  /** A connection's place. */
  private record Owned(Bulkhead.Hold hold) implements Connection.Listener {
    @Override
    public synchronized void onClosed(Connection connection) {
      hold.close();
    }
  }

  /** How full they are. */
  List<Level> levels() {
    return List.of(
        requests.level(), sockets.level(), connections.level(), bodies.level(), messages.level());
  }

  /** One request's part, of nobody at first. */
  Part part() {
    return new Part();
  }

  /** What one request holds. */
  final class Part implements AutoCloseable {
    private BodyBudget.Share body = bodies.share(NOBODY);
    private Bulkhead.@Nullable Hold place;

    private Part() {}

    /**
     * Tells for whom the request is; called before the body is read.
     *
     * @throws io.daytona.wire.error.DaytonaException as {@link Shared#place}
     */
    void belongsTo(String organization) {
      place = Shared.place(requests, organization);
      body = bodies.share(organization);
    }

    /** Memory of its body. */
    BodyBudget.Share body() {
      return body;
    }

    @Override
    public void close() {
      body.close();
      if (place != null) {
        place.close();
      }
    }
  }
}
