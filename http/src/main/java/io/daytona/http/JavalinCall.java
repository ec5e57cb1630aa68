package io.daytona.http;

import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A request that came through Javalin. */
final class JavalinCall<B> implements Call<B> {
  private static final Pattern AUTHORITY = Pattern.compile("[A-Za-z0-9._~\\[\\]:-]{1,255}");

  private final Context context;
  private final Exchange exchange;
  private @Nullable Map<String, List<String>> query;
  private @Nullable Object principal;
  private @Nullable B body;

  JavalinCall(Context context, Exchange exchange) {
    this.context = context;
    this.exchange = exchange;
  }

  void body(B body) {
    this.body = body;
  }

  void principal(Object principal) {
    this.principal = principal;
  }

  @Override
  @SuppressWarnings("NullAway") // null for Void endpoints, as the interface says
  public B body() {
    return body;
  }

  @Override
  public String method() {
    return exchange.method();
  }

  @Override
  public String uri() {
    return exchange.uri();
  }

  @Override
  public String path(String name) {
    return context.pathParam(name);
  }

  @Override
  public Optional<String> query(String name) {
    List<String> values = queries(name);
    return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
  }

  @Override
  public List<String> queries(String name) {
    return queryMap().getOrDefault(name, List.of());
  }

  @Override
  public Map<String, List<String>> queryMap() {
    Map<String, List<String>> parsed = query;
    if (parsed == null) {
      parsed = QueryString.parse(context.req().getQueryString());
      query = parsed;
    }
    return parsed;
  }

  @Override
  public Optional<String> header(String name) {
    return Optional.ofNullable(context.req().getHeader(name));
  }

  @Override
  public String origin() {
    String scheme = forwarded("X-Forwarded-Proto").orElse(context.req().getScheme());
    String host =
        forwarded("X-Forwarded-Host")
            .filter(name -> AUTHORITY.matcher(name).matches())
            .or(() -> header("Host").filter(name -> AUTHORITY.matcher(name).matches()))
            .orElse("localhost");
    String port = forwarded("X-Forwarded-Port").orElse("");
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

  private Optional<String> forwarded(String header) {
    return header(header)
        .map(value -> value.split(",", 2)[0].strip())
        .filter(value -> !value.isEmpty());
  }

  @Override
  public String requestId() {
    return exchange.requestId();
  }

  @Override
  public <P> P principal(Class<P> type) {
    Object found = principal;
    if (found == null) {
      throw new IllegalStateException(
          "a public endpoint has no principal: " + exchange.loggedPath());
    }
    return type.cast(found);
  }

  @Override
  public void timing(String name, double millis) {
    exchange.timing(name, millis);
  }
}
