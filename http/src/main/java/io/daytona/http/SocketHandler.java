package io.daytona.http;

import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;
import org.jspecify.annotations.Nullable;

/** Serves the WebSocket rows of the tables; every other request passes. */
final class SocketHandler extends Handler.Wrapper {
  private static final int BUFFER_BYTES = 16 << 10;
  private static final int KEY_BYTES = 16;
  private static final String VERSION = "13";

  private final ServerWebSocketContainer container;
  private final Sockets sockets;
  private final List<Row> rows;
  private final Shared shared;
  private final Function<String, ErrorRenderer> errors;

  SocketHandler(
      Server server,
      List<Mount> mounts,
      Sockets sockets,
      Shared shared,
      Function<String, ErrorRenderer> errors) {
    this.sockets = sockets;
    this.shared = shared;
    this.errors = errors;
    this.rows =
        mounts.stream()
            .flatMap(mount -> mount.table().sockets().stream().map(row -> Row.of(mount, row)))
            // Fixed segments go before parameters.
            .sorted(Comparator.comparing(row -> row.path.replace("{", "\uffff")))
            .toList();
    this.container = container(server);
  }

  private static ServerWebSocketContainer container(Server server) {
    ServerWebSocketContainer container = ServerWebSocketContainer.ensure(server);
    // Whoever waits for a silent command is not to be cut off.
    container.setIdleTimeout(Duration.ZERO);
    container.setInputBufferSize(BUFFER_BYTES);
    // Messages are sent as one frame each: small clients do not put fragments together.
    container.setMaxFrameSize(0);
    return container;
  }

  /** A row below its mount. */
  private record Row(Mount mount, SocketEndpoint endpoint, String path, PathTemplate template) {
    static Row of(Mount mount, SocketEndpoint endpoint) {
      String path = mount.prefix() + endpoint.path();
      return new Row(mount, endpoint, path, new PathTemplate(path));
    }
  }

  /** How long an open socket may be silent; zero means for ever. */
  Duration idleTimeout() {
    return container.getIdleTimeout();
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (isUpgrade(request)) {
      String path = request.getHttpURI().getPath();
      for (Row row : rows) {
        Optional<Map<String, String>> parameters = row.template.match(path);
        if (parameters.isPresent()) {
          upgrade(row, parameters.get(), request, response, callback);
          return true;
        }
      }
    }
    return super.handle(plain(request), response, callback);
  }

  private static boolean isUpgrade(Request request) {
    return request.getMethod().equals("GET")
        && request.getHeaders().getCSV(HttpHeader.UPGRADE, false).stream()
            .anyMatch("websocket"::equalsIgnoreCase);
  }

  /** Javalin takes what carries this header for its own sockets, of which there are none. */
  private static Request plain(Request request) {
    if (!request.getHeaders().contains(HttpHeader.SEC_WEBSOCKET_VERSION)) {
      return request;
    }
    HttpFields headers =
        HttpFields.build(request.getHeaders()).remove(HttpHeader.SEC_WEBSOCKET_VERSION);
    return new Request.Wrapper(request) {
      @Override
      public HttpFields getHeaders() {
        return headers;
      }
    };
  }

  private void upgrade(
      Row row, Map<String, String> path, Request request, Response response, Callback callback)
      throws Exception {
    Exchange exchange = EdgeHandler.exchange(request);
    exchange.operation(row.endpoint.operation());
    SocketExchange socket =
        new SocketExchange(sockets, exchange, getServer().getScheduler(), shared.messages());
    LogContext.begin(exchange.requestId());
    try {
      sockets.enter(socket);
      UpgradeCall call = new UpgradeCall(request, response, exchange, path);
      String chosen = accept(row, call, socket, request, shared.sockets());
      // The connection may be handed over before this returns.
      exchange.remember();
      response.getHeaders().put("Server-Timing", exchange.serverTiming());
      // A client that leaves before the socket is open is told by nobody else.
      Request.addCompletionListener(
          request,
          failure -> {
            if (failure != null) {
              socket.disconnected();
            }
          });
      boolean upgraded =
          container.upgrade(
              (asked, answer, failed) -> {
                // Compressed messages would cost memory on every socket for little.
                answer.setExtensions(List.of());
                if (chosen != null) {
                  answer.setAcceptedSubProtocol(chosen);
                }
                return socket.endpoint();
              },
              request,
              response,
              callback);
      if (!upgraded) {
        throw DaytonaException.badRequest("The request is not a valid WebSocket handshake.");
      }
    } catch (Exception e) {
      failed(e, socket, response, callback, exchange);
    } catch (LinkageError | StackOverflowError | AssertionError e) {
      failed(new IllegalStateException(e), socket, response, callback, exchange);
    } finally {
      exchange.remember();
      LogContext.end();
    }
  }

  /** Everything before the upgrade; returns the chosen sub-protocol. */
  private static @Nullable String accept(
      Row row, UpgradeCall call, SocketExchange socket, Request request, Bulkhead places)
      throws Exception {
    if (!(row.endpoint.access() instanceof Access.Public)) {
      Object principal = row.mount.authenticator().authenticate(call, row.endpoint);
      call.principal(principal);
      LogContext.letIn(principal);
      String organization = Shared.organization(principal);
      socket.belongsTo(organization, Shared.place(places, organization));
    }
    checkHandshake(request);
    socket.observed(row.mount.observer().started(call, row.endpoint));
    socket.conversation(row.endpoint.acceptor().accept(call));
    return call.chosen();
  }

  private static void checkHandshake(Request request) {
    HttpFields headers = request.getHeaders();
    if (request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_1
        || headers.getCSV(HttpHeader.CONNECTION, false).stream()
            .noneMatch("upgrade"::equalsIgnoreCase)) {
      throw DaytonaException.badRequest(
          "A WebSocket handshake is an HTTP/1.1 request with the header Connection: Upgrade.");
    }
    if (headers.contains(HttpHeader.TRANSFER_ENCODING)
        || headers.getLongField(HttpHeader.CONTENT_LENGTH) > 0) {
      throw DaytonaException.badRequest("A WebSocket handshake has no body.");
    }
    HttpField version = headers.getField(HttpHeader.SEC_WEBSOCKET_VERSION);
    if (version == null || !VERSION.equals(version.getValue())) {
      throw DaytonaException.badRequest("The header Sec-WebSocket-Version must be " + VERSION);
    }
    if (!isKey(headers.get(HttpHeader.SEC_WEBSOCKET_KEY))) {
      throw DaytonaException.badRequest(
          "The header Sec-WebSocket-Key must be " + KEY_BYTES + " bytes in base64");
    }
  }

  private static boolean isKey(@Nullable String key) {
    try {
      return key != null && Base64.getDecoder().decode(key.strip()).length == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private void failed(
      Exception failure,
      SocketExchange socket,
      Response response,
      Callback callback,
      Exchange exchange)
      throws Exception {
    socket.disconnected();
    DaytonaException error = Failures.asError(failure, exchange);
    if (response.isCommitted()) {
      callback.failed(failure);
      return;
    }
    // Parts of a handshake may be set already.
    response.getHeaders().remove(HttpHeader.UPGRADE);
    response.getHeaders().remove(HttpHeader.CONNECTION);
    Failures.write(error, errors.apply(exchange.loggedPath()), exchange, response, callback);
  }
}
