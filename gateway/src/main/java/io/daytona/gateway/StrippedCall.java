package io.daytona.gateway;

import io.daytona.http.Call;
import io.daytona.http.QueryString;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A call without the credentials that let it in (toolbox protocol §1.8). */
class StrippedCall<B> implements Call<B> {
  private static final String AUTH_COOKIE = "daytona-sandbox-auth-";

  private final Call<B> call;

  StrippedCall(Call<B> call) {
    this.call = call;
  }

  private static boolean hiddenHeader(String name) {
    return name.equalsIgnoreCase("Authorization")
        || name.equalsIgnoreCase("Cookie")
        || name.equalsIgnoreCase(SandboxAuthenticator.PREVIEW_TOKEN);
  }

  @Override
  public B body() {
    return call.body();
  }

  @Override
  public String method() {
    return call.method();
  }

  @Override
  public String uri() {
    boolean holdsKey = call.queryMap().containsKey(SandboxAuthenticator.AUTH_KEY);
    return holdsKey ? withoutKey(call.uri()) : call.uri();
  }

  /** An address without the parameter that lets a caller in. */
  static String withoutKey(String uri) {
    int query = uri.indexOf('?');
    if (query < 0) {
      return uri;
    }
    String kept =
        Arrays.stream(uri.substring(query + 1).split("&", -1))
            .filter(pair -> !isAuthKey(pair))
            .collect(Collectors.joining("&"));
    return uri.substring(0, query) + (kept.isEmpty() ? "" : "?" + kept);
  }

  /** However the name is spelled: what lets a caller in is its decoded form. */
  private static boolean isAuthKey(String pair) {
    return QueryString.parse(pair).containsKey(SandboxAuthenticator.AUTH_KEY);
  }

  @Override
  public String path(String name) {
    return call.path(name);
  }

  @Override
  public Optional<String> query(String name) {
    return name.equals(SandboxAuthenticator.AUTH_KEY) ? Optional.empty() : call.query(name);
  }

  @Override
  public List<String> queries(String name) {
    return name.equals(SandboxAuthenticator.AUTH_KEY) ? List.of() : call.queries(name);
  }

  @Override
  public Map<String, List<String>> queryMap() {
    Map<String, List<String>> all = call.queryMap();
    if (!all.containsKey(SandboxAuthenticator.AUTH_KEY)) {
      return all;
    }
    Map<String, List<String>> kept = new LinkedHashMap<>(all);
    kept.remove(SandboxAuthenticator.AUTH_KEY);
    return kept;
  }

  @Override
  public Optional<String> header(String name) {
    return hiddenHeader(name) ? Optional.empty() : call.header(name);
  }

  @Override
  public List<Map.Entry<String, String>> headers() {
    List<Map.Entry<String, String>> kept = new ArrayList<>();
    for (Map.Entry<String, String> header : call.headers()) {
      if (header.getKey().equalsIgnoreCase("Cookie")) {
        String others = otherCookies(header.getValue());
        if (!others.isEmpty()) {
          kept.add(Map.entry(header.getKey(), others));
        }
      } else if (!hiddenHeader(header.getKey())) {
        kept.add(header);
      }
    }
    return kept;
  }

  /** Cookies of programs in the sandbox are theirs. */
  static String otherCookies(String cookies) {
    return Arrays.stream(cookies.split(";", -1))
        .map(String::strip)
        .filter(cookie -> !cookie.isEmpty() && !cookie.startsWith(AUTH_COOKIE))
        .collect(Collectors.joining("; "));
  }

  @Override
  public String rest() {
    return call.rest();
  }

  @Override
  public String origin() {
    return call.origin();
  }

  @Override
  public InetAddress clientAddress() {
    return call.clientAddress();
  }

  @Override
  public void replyHeader(String name, String value) {
    call.replyHeader(name, value);
  }

  @Override
  public String requestId() {
    return call.requestId();
  }

  @Override
  public <P> P principal(Class<P> type) {
    return call.principal(type);
  }

  @Override
  public Watch whenClientLeaves(Runnable action) {
    return call.whenClientLeaves(action);
  }

  @Override
  public void timing(String name, double millis) {
    call.timing(name, millis);
  }
}
