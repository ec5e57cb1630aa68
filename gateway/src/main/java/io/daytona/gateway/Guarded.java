package io.daytona.gateway;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.Route;
import io.daytona.http.SocketEndpoint;
import java.util.function.Function;

/** Rows of the toolbox as the world may ask them: never public, and without credentials inside. */
final class Guarded {
  private Guarded() {}

  /** Every row, for members; no handler sees what let the caller in. */
  static EndpointTable members(EndpointTable table) {
    return new EndpointTable(
        table.endpoints().stream()
            .<Endpoint<?, ?>>map(row -> guarded(row, row.path(), Guarded::notPublic))
            .toList(),
        table.sockets().stream().map(Guarded::guarded).toList());
  }

  /**
   * A row that is asked by another path.
   *
   * @param access what the caller must have
   */
  static <B, R> Endpoint<B, R> guarded(
      Endpoint<B, R> row, String path, Function<Route, Access> access) {
    return new Endpoint<>(
        row.method(),
        path,
        row.operation(),
        row.summary(),
        access.apply(row),
        row.body(),
        row.reply(),
        row.status(),
        call -> row.handler().handle(new StrippedCall<>(call)));
  }

  private static SocketEndpoint guarded(SocketEndpoint row) {
    return new SocketEndpoint(
        row.path(),
        row.operation(),
        row.summary(),
        notPublic(row),
        call -> row.acceptor().accept(new StrippedSocketCall(call)));
  }

  private static Access notPublic(Route route) {
    return route.access() instanceof Access.Public ? Access.MEMBER : route.access();
  }
}
