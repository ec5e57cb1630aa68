package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of a listener as Javalin's routes. */
final class Routes {
  /** Of HTTP and WebDAV. */
  private static final List<String> ANY_METHOD =
      List.of(
          "GET",
          "HEAD",
          "POST",
          "PUT",
          "PATCH",
          "DELETE",
          "OPTIONS",
          "TRACE",
          "QUERY",
          "PROPFIND",
          "PROPPATCH",
          "MKCOL",
          "COPY",
          "MOVE",
          "LOCK",
          "UNLOCK",
          "REPORT",
          "SEARCH");

  private final List<Mount> mounts;
  private final Shared shared;

  Routes(List<Mount> mounts, Shared shared) {
    this.mounts = mounts;
    this.shared = shared;
  }

  /** Adds all of them. */
  void addTo(JavalinConfig javalin) {
    mounts.forEach(mount -> route(javalin, mount));
    javalin.routes.exception(HttpResponseException.class, this::unrouted);
    javalin.routes.exception(Exception.class, this::unrouted);
  }

  private void route(JavalinConfig javalin, Mount mount) {
    // Javalin takes the first template that matches, so fixed segments go before parameters.
    Stream.concat(mount.table().endpoints().stream(), plainSockets(mount.table()))
        .sorted(Comparator.comparing(endpoint -> endpoint.path().replace("{", "\uffff")))
        .forEach(endpoint -> route(javalin, mount, endpoint));
  }

  /** Rows that tell a plain request to a WebSocket's path what is wrong. */
  private static Stream<Endpoint<?, ?>> plainSockets(EndpointTable table) {
    Set<String> served =
        table.endpoints().stream()
            .filter(row -> row.method() == Method.GET)
            .map(Endpoint::path)
            .collect(Collectors.toSet());
    return table.sockets().stream()
        .filter(row -> !served.contains(row.path()))
        .map(row ->
            Endpoint.get(
                row.path(),
                row.operation(),
                row.summary(),
                row.access(),
                Void.class,
                _ -> {
                  throw DaytonaException.badRequest(
                      "bad request: this path takes WebSockets only; ask for the upgrade");
                }));
  }

  private <B, R> void route(JavalinConfig javalin, Mount mount, Endpoint<B, R> endpoint) {
    EndpointHandler<B, R> handler = new EndpointHandler<>(mount, endpoint, shared);
    for (String path : paths(mount.prefix() + endpoint.path())) {
      for (String method : methods(endpoint.method())) {
        HandlerType type = HandlerType.findOrCreate(method);
        javalin.routes.addEndpoint(new io.javalin.router.Endpoint(type, path, handler));
      }
    }
  }

  private static List<String> methods(Method method) {
    return switch (method) {
      case GET -> List.of("GET", "HEAD");
      case ANY -> ANY_METHOD;
      default -> List.of(method.name());
    };
  }

  /** A template in Javalin's words; one with a rest is two, with it and without. */
  private static List<String> paths(String template) {
    int rest = template.indexOf("...}");
    if (rest < 0) {
      return List.of(template);
    }
    int brace = template.lastIndexOf('{', rest);
    return List.of(
        template.substring(0, brace) + "<" + template.substring(brace + 1, rest) + ">",
        template.substring(0, brace - 1));
  }

  /** Javalin throws when no route matches; everything else is answered by its handler. */
  private void unrouted(Exception failure, Context context) {
    Exchange exchange = EdgeHandler.exchange(context.req());
    Exception shown =
        failure instanceof HttpResponseException
            ? DaytonaException.notFound("Cannot " + exchange.method() + " " + exchange.loggedPath())
            : failure;
    new Replies(context.res(), exchange).failure(errorsFor(exchange.loggedPath()), shown);
  }

  /** The shape of errors below a path. */
  ErrorRenderer errorsFor(String path) {
    return mounts.stream()
        .filter(mount -> mount.covers(path))
        .max(Comparator.comparingInt(mount -> mount.fixedPrefix().length()))
        .orElse(mounts.getFirst())
        .errors();
  }
}
