package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP listener that serves endpoint tables.
 *
 * <p>Every request runs on a virtual thread of its own. Every reply carries {@code X-Request-Id},
 * {@code Server-Timing} and {@code X-Daytona-Api-Version}.
 */
public final class HttpServer implements AutoCloseable {
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

  private final Javalin javalin;
  private final EdgeHandler edge;
  private final Sockets sockets;
  private final Departures departures;
  private final Duration grace;

  private HttpServer(
      Javalin javalin, EdgeHandler edge, Sockets sockets, Departures departures, Duration grace) {
    this.javalin = javalin;
    this.edge = edge;
    this.sockets = sockets;
    this.departures = departures;
    this.grace = grace;
  }

  /** A listener with these limits, on 127.0.0.1 and any free port until told otherwise. */
  public static Builder builder(HttpConfig config) {
    return new Builder(config);
  }

  /** The port it listens on. */
  public int port() {
    return javalin.port();
  }

  /** Requests that are being served; an open WebSocket is none any more. */
  public int runningRequests() {
    return edge.running();
  }

  /** WebSockets that are open. */
  public int openSockets() {
    return sockets.open();
  }

  /** How long an open WebSocket may be silent before it is closed; zero means for ever. */
  public Duration socketIdleTimeout() {
    return edge.getDescendant(SocketHandler.class).idleTimeout();
  }

  /** How long a running request may send and receive nothing before it is ended. */
  public Duration requestIdleTimeout() {
    return Duration.ofMillis(
        javalin
            .jettyServer()
            .server()
            .getConnectors()[0]
            .getConnectionFactory(HttpConnectionFactory.class)
            .getHttpConfiguration()
            .getIdleTimeout());
  }

  /**
   * Refuses new requests, ends replies that have no end of their own and closes WebSockets; waits
   * for other running requests and for handlers as long as configured, then ends them.
   */
  @Override
  public void close() {
    for (Connector connector : javalin.jettyServer().server().getConnectors()) {
      ((ServerConnector) connector).close();
    }
    long deadline = System.nanoTime() + grace.toNanos();
    sockets.stop();
    departures.stop();
    edge.drain(grace);
    sockets.await(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    javalin.stop();
    departures.close();
  }

  /** Collects what a listener serves. */
  public static final class Builder {
    private final HttpConfig config;
    private final List<Mount> mounts = new ArrayList<>();
    private String name = "http";
    private String host = "127.0.0.1";
    private int port;
    private @Nullable ServerSocketChannel listener;
    private String version = "0.0.0-dev";
    private CorsPolicy cors = CorsPolicy.API;
    private RequestRewriter rewriter = RequestRewriter.NONE;
    private final BodyBudget bodies = BodyBudget.ofHeap();
    private final BodyBudget messages = BodyBudget.ofHeap();
    private Duration messageTime = Duration.ofMinutes(2);
    private long maxJsonBytes;
    private Duration departuresEvery = Duration.ofSeconds(5);
    private RequestMeter meter = RequestMeter.NONE;
    private CompletableFuture<?> ready = CompletableFuture.completedFuture("");

    private Builder(HttpConfig config) {
      this.config = config;
      this.maxJsonBytes = config.maxJsonBytes();
    }

    /** Name of its threads. */
    public Builder name(String value) {
      this.name = value;
      return this;
    }

    /**
     * Where it listens.
     *
     * @param address name or address of an interface
     * @param number 1…65535, or 0 for any free one
     */
    public Builder bind(String address, int number) {
      this.host = address;
      this.port = number;
      return this;
    }

    /**
     * Listens on a socket that is bound already, so that a taken port is known before anything else
     * is started; the server closes it.
     */
    public Builder bind(ServerSocketChannel bound) {
      this.listener = bound;
      return this;
    }

    /** Value of {@code X-Daytona-Api-Version}. */
    public Builder version(String value) {
      this.version = value;
      return this;
    }

    /** What browsers of other origins may do. */
    public Builder cors(CorsPolicy policy) {
      this.cors = policy;
      return this;
    }

    /** Maps paths before routing. */
    public Builder rewrite(RequestRewriter value) {
      this.rewriter = value;
      return this;
    }

    /** Largest JSON body in bytes of what is mounted after this, instead of the configured one. */
    public Builder maxJsonBytes(long bytes) {
      this.maxJsonBytes = bytes;
      return this;
    }

    /**
     * Lets requests wait until this is complete, so that the listener can start beside what it
     * serves; requests are refused with 503 when it fails.
     */
    public Builder holdUntil(CompletableFuture<?> value) {
      this.ready = value;
      return this;
    }

    /** Measures every request. */
    public Builder meter(RequestMeter value) {
      this.meter = value;
      return this;
    }

    /** How often it is looked for clients that have left while their requests are silent. */
    Builder lookForDepartures(Duration every) {
      this.departuresEvery = every;
      return this;
    }

    /** How long the peer of a WebSocket may take for one message. */
    Builder messageTime(Duration limit) {
      this.messageTime = limit;
      return this;
    }

    /** Serves a table below a prefix such as {@code /api}. */
    public Builder mount(
        String prefix,
        List<Endpoint<?, ?>> endpoints,
        Authenticator authenticator,
        ErrorRenderer errors) {
      return mount(prefix, endpoints, authenticator, errors, RequestObserver.NONE);
    }

    /** Serves a table and tells an observer of every request that was let in. */
    public Builder mount(
        String prefix,
        List<Endpoint<?, ?>> endpoints,
        Authenticator authenticator,
        ErrorRenderer errors,
        RequestObserver observer) {
      return mount(prefix, EndpointTable.of(endpoints), authenticator, errors, observer);
    }

    /** Serves a table that has rows for WebSockets too. */
    public Builder mount(
        String prefix, EndpointTable table, Authenticator authenticator, ErrorRenderer errors) {
      return mount(prefix, table, authenticator, errors, RequestObserver.NONE);
    }

    /** The same with an observer of every request that was let in. */
    public Builder mount(
        String prefix,
        EndpointTable table,
        Authenticator authenticator,
        ErrorRenderer errors,
        RequestObserver observer) {
      mounts.add(new Mount(prefix, table, authenticator, errors, observer, maxJsonBytes));
      return this;
    }

    /**
     * Binds the port and serves.
     *
     * @throws io.javalin.util.JavalinException when the port is taken
     */
    public HttpServer start() {
      if (mounts.isEmpty()) {
        throw new IllegalStateException("a listener needs a table");
      }
      Departures departures = new Departures(departuresEvery);
      EdgeHandler edge =
          new EdgeHandler(
              version,
              cors,
              rewriter,
              config.maxConcurrentRequests(),
              this::errorsFor,
              ready,
              departures,
              meter);
      Sockets sockets = new Sockets(config.maxSockets(), messageTime);
      Javalin javalin = Javalin.create(settings -> configure(settings, edge, sockets));
      try {
        javalin.start();
      } catch (RuntimeException e) {
        departures.close();
        throw e;
      }
      return new HttpServer(
          javalin, edge, sockets, departures, Duration.ofSeconds(config.stopSeconds()));
    }

    private void configure(JavalinConfig javalin, EdgeHandler edge, Sockets sockets) {
      javalin.startup.showJavalinBanner = false;
      javalin.startup.showOldJavalinVersionWarning = false;
      javalin.startup.startupWatcherEnabled = false;
      javalin.http.compressionStrategy = CompressionStrategy.NONE;
      javalin.concurrency.useVirtualThreads = true;
      javalin.jetty.threadPool = JettySettings.threads(name);
      javalin.jetty.modifyServer(server -> configure(server, edge, sockets));
      javalin.jetty.modifyServletContextHandler(
          context -> context.getServletHandler().setDecodeAmbiguousURIs(true));
      javalin.jetty.modifyHttpConfiguration(http -> JettySettings.configure(http, config));
      javalin.jetty.addConnector(this::connector);
      mounts.forEach(mount -> route(javalin, mount));
      javalin.routes.exception(HttpResponseException.class, this::unrouted);
      javalin.routes.exception(Exception.class, this::unrouted);
    }

    private ServerConnector connector(Server server, HttpConfiguration http) {
      ServerConnector connector = JettySettings.connector(server, http, config);
      connector.setHost(host);
      connector.setPort(port);
      if (listener != null) {
        try {
          connector.open(listener);
        } catch (IOException e) {
          throw new UncheckedIOException("the bound socket cannot be used", e);
        }
      }
      return connector;
    }

    private void configure(Server server, EdgeHandler edge, Sockets sockets) {
      edge.setHandler(new SocketHandler(server, mounts, sockets, messages, this::errorsFor));
      server.setHandler(edge);
      server.setErrorHandler(new JettyErrors(edge, this::errorsFor));
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
      EndpointHandler<B, R> handler = new EndpointHandler<>(mount, endpoint, bodies);
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
              ? DaytonaException.notFound(
                  "Cannot " + exchange.method() + " " + exchange.loggedPath())
              : failure;
      new Replies(context.res(), exchange).failure(errorsFor(exchange.loggedPath()), shown);
    }

    private ErrorRenderer errorsFor(String path) {
      return mounts.stream()
          .filter(mount -> mount.covers(path))
          .max(Comparator.comparingInt(mount -> mount.fixedPrefix().length()))
          .orElse(mounts.getFirst())
          .errors();
    }
  }
}
