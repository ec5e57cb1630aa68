package io.daytona.http;

import io.javalin.http.Context;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that came through Javalin. */
final class JavalinCall<B> extends RequestCall<B> {
  private final Context context;
  private @Nullable B body;

  JavalinCall(Context context, Exchange exchange) {
    super(exchange);
    this.context = context;
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
  @Nullable String rawQuery() {
    return context.req().getQueryString();
  }

  @Override
  String scheme() {
    return context.req().getScheme();
  }

  @Override
  public String path(String name) {
    return context.pathParam(name);
  }

  @Override
  public Optional<String> header(String name) {
    return Optional.ofNullable(context.req().getHeader(name));
  }
}
