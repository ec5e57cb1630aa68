package io.daytona.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.jspecify.annotations.Nullable;

/** What is remembered of one request from its first byte on. */
final class Exchange {
  /** Request attribute that holds the exchange. */
  static final String ATTRIBUTE = Exchange.class.getName();

  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,64}");

  private final String requestId;
  private final String method;
  private final String uri;
  private final long startNanos;
  private final List<String> timings = new ArrayList<>(2);
  private volatile Function<Runnable, Call.Watch> departures = action -> () -> {};
  private volatile Function<Runnable, Call.Watch> stop = action -> () -> {};
  private volatile InetAddress client = InetAddress.getLoopbackAddress();
  private volatile Map<String, String> ids = Map.of();
  private volatile @Nullable ConnectionMetaData connection;
  private volatile boolean mayRest;
  private volatile @Nullable String operation;
  private volatile @Nullable String refusal;

  private Exchange(String requestId, String method, String uri, long startNanos) {
    this.requestId = requestId;
    this.method = method;
    this.uri = uri;
    this.startNanos = startNanos;
  }

  /**
   * Begins an exchange.
   *
   * @param offeredId id the client sent, used when it is short and plain
   */
  static Exchange begin(@Nullable String offeredId, String method, String uri, long startNanos) {
    String id = offeredId != null && REQUEST_ID.matcher(offeredId).matches() ? offeredId : newId();
    return new Exchange(id, method, uri, startNanos);
  }

  private static String newId() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return "%016x%016x".formatted(random.nextLong(), random.nextLong());
  }

  /** Keeps the ids of this thread for the line in the access log. */
  void remember() {
    if (EdgeHandler.LOG.isDebugEnabled()) {
      ids = LogContext.current();
    }
  }

  /** The ids that {@link #remember} kept; at least that of the request. */
  Map<String, String> ids() {
    return ids.isEmpty() ? Map.of(LogContext.REQUEST, requestId) : ids;
  }

  /** The row of a table that serves it. */
  void operation(String id) {
    operation = id;
  }

  /** Operation id of the row that serves it; null when it came to none. */
  @Nullable String operation() {
    return operation;
  }

  /** The reply is an error of ours, with this wire code: nobody reads the request any more. */
  void refuse(String code) {
    refusal = code;
  }

  /** Wire code of the error that is the reply; null when it is none of ours. */
  @Nullable String refusal() {
    return refusal;
  }

  /** Whether the reply is an error of ours, and not one that was passed on. */
  boolean isRefused() {
    return refusal != null;
  }

  /** Sets who asks: the other end of the connection, or whom a trusted proxy there speaks for. */
  void client(SocketAddress address, TrustedProxies proxies, List<String> forwarded) {
    if (address instanceof InetSocketAddress internet) {
      client = proxies.client(internet.getAddress(), forwarded);
    }
  }

  /** Sets the connection it came over. */
  void connection(ConnectionMetaData value) {
    connection = value;
  }

  /** Whether something holds for the connection it came over. */
  boolean connection(Predicate<ConnectionMetaData> test) {
    ConnectionMetaData known = connection;
    return known == null || test.test(known);
  }

  /** Its body is a conversation with a program, in which silence is no fault. */
  void rests() {
    mayRest = true;
  }

  /** Whether its body may be silent for as long as the connection may. */
  boolean mayRest() {
    return mayRest;
  }

  /** See {@link Call#clientAddress}. */
  InetAddress client() {
    return client;
  }

  /** Sets how it is found that the client has left and that the server stops. */
  void departures(Function<Runnable, Call.Watch> client, Function<Runnable, Call.Watch> server) {
    departures = client;
    stop = server;
  }

  /** See {@link Departures#untilStop}. */
  Call.Watch untilStop(Runnable action) {
    return stop.apply(action);
  }

  /** See {@link Call#whenClientLeaves}. */
  Call.Watch whenClientLeaves(Runnable action) {
    return departures.apply(action);
  }

  String requestId() {
    return requestId;
  }

  String method() {
    return method;
  }

  /** Path and query as the client sent them. */
  String uri() {
    return uri;
  }

  /** The path as the client sent it; queries may carry credentials, so logs show only this. */
  String loggedPath() {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }

  double elapsedMillis() {
    return elapsedNanos() / 1e6;
  }

  synchronized void timing(String name, double millis) {
    timings.add(entry(name, millis));
  }

  /** Value of {@code Server-Timing} now: the total so far and what handlers added. */
  synchronized String serverTiming() {
    String total = entry("total", elapsedMillis());
    return timings.isEmpty() ? total : total + ", " + String.join(", ", timings);
  }

  private static String entry(String name, double millis) {
    return name + ";dur=" + String.format(Locale.ROOT, "%.3f", millis);
  }
}
