package io.daytona.http;

import io.daytona.wire.admission.Bulkhead;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One request as a handler sees it.
 *
 * @param <B> type of the body
 */
public interface Call<B> {
  /** The body: a record, the raw stream, or null for {@link Void} endpoints. */
  B body();

  /** HTTP method as sent. */
  String method();

  /** Path and query as sent, percent-encoding untouched. */
  String uri();

  /** Decoded value of a parameter of the path template. */
  String path(String name);

  /**
   * What a template's {@code {name...}} stands for, as sent, percent-encoding untouched and without
   * a slash before it; empty when the path ends before it.
   */
  String rest();

  /** First value of a query parameter, decoded; empty when absent. */
  Optional<String> query(String name);

  /** All values of a query parameter: repeated, {@code name[]} and {@code name[0]} alike. */
  List<String> queries(String name);

  /** All query parameters in order, decoded. */
  Map<String, List<String>> queryMap();

  /** A request header, case-insensitive. */
  Optional<String> header(String name);

  /** All request headers, each value by itself, in the order they were sent. */
  List<Map.Entry<String, String>> headers();

  /** {@code scheme://host[:port]} that the client used, {@code X-Forwarded-*} honoured. */
  String origin();

  /**
   * Address of the client: that at the other end of the connection, or the one a trusted proxy
   * there speaks for.
   */
  InetAddress clientAddress();

  /** Id of this request, echoed in {@code X-Request-Id}. */
  String requestId();

  /** What the authenticator of the mount returned for this request. */
  <P> P principal(Class<P> type);

  /**
   * Runs an action when the client is found to have left, for a handler that waits without reading
   * or writing. It is found within some fifteen seconds; a client that has shut down its sending
   * side counts as gone.
   *
   * @param action runs at most once, on a thread of its own, never after the watch is closed; must
   *     not block
   */
  Watch whenClientLeaves(Runnable action);

  /** Ends a {@link #whenClientLeaves}. */
  @FunctionalInterface
  interface Watch extends Bulkhead.Watch {}

  /** Adds a {@code Server-Timing} entry to the reply, in milliseconds. */
  void timing(String name, double millis);

  /**
   * Sets a header of the reply, errors and upgrades included, that scripts of other origins may
   * read; without effect once the reply has begun.
   */
  void replyHeader(String name, String value);
}
