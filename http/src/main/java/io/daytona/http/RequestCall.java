package io.daytona.http;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What calls have in common, wherever the request came from. */
abstract class RequestCall<B> implements Call<B> {
  private static final Pattern AUTHORITY = Pattern.compile("[A-Za-z0-9._~\\[\\]:-]{1,255}");

  private final Exchange exchange;
  private @Nullable Map<String, List<String>> query;
  private @Nullable Object principal;

  RequestCall(Exchange exchange) {
    this.exchange = exchange;
  }

  /** The query as sent, null without one. */
  abstract @Nullable String rawQuery();

  /** Scheme of the connection. */
  abstract String scheme();

  /** The path that was routed, as sent. */
  abstract String routedPath();

  /** A header of the reply as it is now, null when absent. */
  abstract @Nullable String replied(String name);

  /** Sets a header of the reply. */
  abstract void reply(String name, String value);

  /** How many segments stand before the rest. */
  abstract int segmentsBeforeRest();

  @Override
  public final String rest() {
    String path = routedPath();
    int at = 0;
    for (int left = segmentsBeforeRest(); left > 0; left--) {
      at = path.indexOf('/', at + 1);
      if (at < 0) {
        return "";
      }
    }
    return path.substring(at + 1);
  }

  final void principal(Object value) {
    this.principal = value;
  }

  @Override
  public final String method() {
    return exchange.method();
  }

  @Override
  public final String uri() {
    return exchange.uri();
  }

  @Override
  public final Optional<String> query(String name) {
    List<String> values = queries(name);
    return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
  }

  @Override
  public final List<String> queries(String name) {
    return queryMap().getOrDefault(name, List.of());
  }

  @Override
  public final Map<String, List<String>> queryMap() {
    Map<String, List<String>> parsed = query;
    if (parsed == null) {
      parsed = QueryString.parse(rawQuery());
      query = parsed;
    }
    return parsed;
  }

  @Override
  public final String origin() {
    return origin(scheme(), this::header);
  }

  /** The origin that headers tell, as proxies write them. */
  static String origin(String own, Function<String, Optional<String>> header) {
    String scheme = first(header.apply("X-Forwarded-Proto")).orElse(own);
    String host =
        first(header.apply("X-Forwarded-Host"))
            .filter(name -> AUTHORITY.matcher(name).matches())
            .or(() -> header.apply("Host").filter(name -> AUTHORITY.matcher(name).matches()))
            .orElse("localhost");
    String port = first(header.apply("X-Forwarded-Port")).orElse("");
    boolean carriesPort = host.lastIndexOf(':') > host.lastIndexOf(']');
    boolean wanted = port.matches("\\d{1,5}") && !port.equals(https(scheme) ? "443" : "80");
    return (https(scheme) ? "https" : "http")
        + "://"
        + host
        + (wanted && !carriesPort ? ":" + port : "");
  }

  private static boolean https(String scheme) {
    return scheme.equalsIgnoreCase("https");
  }

  private static Optional<String> first(Optional<String> list) {
    return list.map(value -> value.split(",", 2)[0].strip()).filter(value -> !value.isEmpty());
  }

  @Override
  public final InetAddress clientAddress() {
    return exchange.client();
  }

  @Override
  public final void replyHeader(String name, String value) {
    reply(name, value);
    String exposed = replied(CorsPolicy.EXPOSE);
    if (exposed != null) {
      reply(CorsPolicy.EXPOSE, exposed + ", " + name);
    }
  }

  @Override
  public final String requestId() {
    return exchange.requestId();
  }

  @Override
  public final <P> P principal(Class<P> type) {
    Object found = principal;
    if (found == null) {
      throw new IllegalStateException(
          "a public endpoint has no principal: " + exchange.loggedPath());
    }
    return type.cast(found);
  }

  @Override
  public final Watch whenClientLeaves(Runnable action) {
    return exchange.whenClientLeaves(action);
  }

  @Override
  public final void timing(String name, double millis) {
    exchange.timing(name, millis);
  }
}
