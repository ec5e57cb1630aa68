package io.daytona.http;

import java.util.List;

/**
 * The rows of one API: what is asked by requests and what is asked by WebSockets.
 *
 * @param endpoints rows for requests
 * @param sockets rows for WebSockets; a path may have both
 */
public record EndpointTable(List<Endpoint<?, ?>> endpoints, List<SocketEndpoint> sockets) {
  /** Keeps copies. */
  public EndpointTable {
    endpoints = List.copyOf(endpoints);
    sockets = List.copyOf(sockets);
  }

  /** A table without WebSockets. */
  public static EndpointTable of(List<Endpoint<?, ?>> endpoints) {
    return new EndpointTable(endpoints, List.of());
  }
}
