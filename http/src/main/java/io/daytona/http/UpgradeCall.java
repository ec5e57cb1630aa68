package io.daytona.http;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/** A request for a WebSocket. */
final class UpgradeCall extends RequestCall<Void> implements SocketCall {
  private final Request request;
  private final Response response;
  private final Map<String, String> path;
  private final List<String> offered;
  private @Nullable String chosen;

  /**
   * @param path decoded parameters of the template
   */
  UpgradeCall(Request request, Response response, Exchange exchange, Map<String, String> path) {
    super(exchange);
    this.request = request;
    this.response = response;
    this.path = path;
    this.offered =
        List.copyOf(request.getHeaders().getCSV(HttpHeader.SEC_WEBSOCKET_SUBPROTOCOL, false));
  }

  /** The sub-protocol to answer, null for none. */
  @Nullable String chosen() {
    return chosen;
  }

  @Override
  public List<String> offered() {
    return offered;
  }

  @Override
  public void choose(String subprotocol) {
    if (!offered.contains(subprotocol)) {
      throw new IllegalArgumentException("the client did not offer " + subprotocol);
    }
    chosen = subprotocol;
  }

  @Override
  @SuppressWarnings("NullAway") // an upgrade has no body, as the interface says
  public Void body() {
    return null;
  }

  @Override
  @Nullable String rawQuery() {
    return request.getHttpURI().getQuery();
  }

  @Override
  String scheme() {
    return request.getHttpURI().getScheme();
  }

  @Override
  @Nullable String replied(String name) {
    return response.getHeaders().get(name);
  }

  @Override
  void reply(String name, String value) {
    response.getHeaders().put(name, value);
  }

  @Override
  public String path(String name) {
    String value = path.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the template has no parameter " + name);
    }
    return value;
  }

  @Override
  public Optional<String> header(String name) {
    return Optional.ofNullable(request.getHeaders().get(name));
  }

  @Override
  public List<Map.Entry<String, String>> headers() {
    return request.getHeaders().stream()
        .map(field -> Map.entry(field.getName(), Objects.requireNonNullElse(field.getValue(), "")))
        .toList();
  }

  @Override
  String routedPath() {
    return request.getHttpURI().getPath();
  }

  @Override
  int segmentsBeforeRest() {
    // Templates of sockets have no rest.
    return Integer.MAX_VALUE;
  }
}
