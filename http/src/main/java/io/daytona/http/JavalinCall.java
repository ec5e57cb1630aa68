package io.daytona.http;

import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that came through Javalin. */
final class JavalinCall<B> extends RequestCall<B> {
  private final Context context;
  private final String template;
  private @Nullable B body;

  /**
   * @param template the whole template that matched
   */
  JavalinCall(Context context, Exchange exchange, String template) {
    super(exchange);
    this.context = context;
    this.template = template;
  }

  void body(B body) {
    this.body = body;
  }

  @Override
  @SuppressWarnings("NullAway") // null for Void endpoints, as the interface says
  public B body() {
    return body;
  }

  @Override
  String routedPath() {
    return context.req().getRequestURI();
  }

  @Override
  int segmentsBeforeRest() {
    int rest = template.indexOf("...}");
    String before = rest < 0 ? template : template.substring(0, template.lastIndexOf('/', rest));
    return (int) before.chars().filter(character -> character == '/').count();
  }

  @Override
  @Nullable String rawQuery() {
    return context.req().getQueryString();
  }

  @Override
  String scheme() {
    return context.req().getScheme();
  }

  @Override
  @Nullable String replied(String name) {
    return context.res().getHeader(name);
  }

  @Override
  void reply(String name, String value) {
    context.res().setHeader(name, value);
  }

  @Override
  public String path(String name) {
    return context.pathParam(name);
  }

  @Override
  public Optional<String> header(String name) {
    return Optional.ofNullable(context.req().getHeader(name));
  }

  @Override
  public List<Map.Entry<String, String>> headers() {
    List<Map.Entry<String, String>> all = new ArrayList<>();
    HttpServletRequest request = context.req();
    for (String name : Collections.list(request.getHeaderNames())) {
      for (String value : Collections.list(request.getHeaders(name))) {
        all.add(Map.entry(name, value));
      }
    }
    return all;
  }
}
