package io.daytona.http;

import io.daytona.wire.admission.Level;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
  /** Header of requests that are let in although the listener drains. */
  public static final String DRAIN_PASS = "X-Daytona-Drain-Pass";

  private static final int LOOKS_PER_LIMIT = 10;

  private final Javalin javalin;
  private final EdgeHandler edge;
  private final Shared shared;
  private final Sockets sockets;
  private final Departures departures;
  private final SlowClients slow;
  private final Duration grace;
  private boolean settled;

  private HttpServer(
      Javalin javalin,
      EdgeHandler edge,
      Shared shared,
      Sockets sockets,
      Departures departures,
      SlowClients slow,
      Duration grace) {
    this.javalin = javalin;
    this.edge = edge;
    this.shared = shared;
    this.sockets = sockets;
    this.departures = departures;
    this.slow = slow;
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
    return edge.running().count();
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

  /** How full is what organizations share. */
  public List<Level> levels() {
    return shared.levels();
  }

  /**
   * Refuses new requests with 503 and lets those that run come to their end; ends replies that have
   * no end of their own and closes WebSockets.
   *
   * @param pass value of the header {@value #DRAIN_PASS} that lets a request in nevertheless; null:
   *     none is
   */
  public void drain(@Nullable String pass) {
    edge.running().refuse(pass);
    sockets.stop();
    departures.stop();
  }

  /** Takes requests again after {@link #drain}. */
  public void resume() {
    departures.resume();
    sockets.resume();
    edge.running().admit();
  }

  /** Lets {@link #close} wait no longer, now or when it is called. */
  public void hurry() {
    edge.running().hurry();
    sockets.hurry();
  }

  /**
   * Drains and waits for running requests and handlers, once and as long as configured. New
   * requests are answered meanwhile, with 503.
   */
  public synchronized void settle() {
    if (settled) {
      return;
    }
    drain(null);
    long deadline = System.nanoTime() + grace.toNanos();
    edge.running().await(grace);
    sockets.await(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    settled = true;
  }

  /** Settles, and ends what still runs. */
  @Override
  public void close() {
    settle();
    for (Connector connector : javalin.jettyServer().server().getConnectors()) {
      ((ServerConnector) connector).close();
    }
    slow.close();
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
    private ClientLimits limits = ClientLimits.defaults();
    private Duration messageTime = Duration.ofMinutes(2);
    private long maxJsonBytes;
    private Duration departuresEvery = Duration.ofSeconds(5);
    private Duration bodyGrace = Duration.ofSeconds(30);
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

    /** What one client or organization may ask. */
    public Builder limits(ClientLimits value) {
      this.limits = value;
      return this;
    }

    /** How long a body may have any rate. */
    Builder bodyGrace(Duration value) {
      this.bodyGrace = value;
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
      Shared shared = Shared.of(config, limits);
      Routes routes = new Routes(mounts, shared);
      EdgeHandler edge =
          new EdgeHandler(
              version,
              cors,
              rewriter,
              limits.trustedProxies().map(TrustedProxies::of).orElse(TrustedProxies.NONE),
              new RunningRequests(config.maxConcurrentRequests()),
              routes::errorsFor,
              ready,
              departures,
              meter);
      Sockets sockets = new Sockets(config.maxSockets(), messageTime);
      Javalin javalin =
          Javalin.create(settings -> configure(settings, edge, sockets, shared, routes));
      try {
        javalin.start();
      } catch (RuntimeException e) {
        departures.close();
        throw e;
      }
      ServerConnector connector =
          (ServerConnector) javalin.jettyServer().server().getConnectors()[0];
      return new HttpServer(
          javalin,
          edge,
          shared,
          sockets,
          departures,
          new SlowClients(connector, limits, bodyGrace, looks()),
          Duration.ofSeconds(config.stopSeconds()));
    }

    /** Often enough that no limit of time is passed by much. */
    private Duration looks() {
      Duration least = Duration.ofSeconds(limits.headSeconds());
      return (bodyGrace.compareTo(least) < 0 ? bodyGrace : least).dividedBy(LOOKS_PER_LIMIT);
    }

    private void configure(
        JavalinConfig javalin, EdgeHandler edge, Sockets sockets, Shared shared, Routes routes) {
      javalin.startup.showJavalinBanner = false;
      javalin.startup.showOldJavalinVersionWarning = false;
      javalin.startup.startupWatcherEnabled = false;
      javalin.http.compressionStrategy = CompressionStrategy.NONE;
      javalin.concurrency.useVirtualThreads = true;
      javalin.jetty.threadPool = JettySettings.threads(name);
      javalin.jetty.modifyServer(server -> configure(server, edge, sockets, shared, routes));
      javalin.jetty.modifyServletContextHandler(
          context -> context.getServletHandler().setDecodeAmbiguousURIs(true));
      javalin.jetty.modifyHttpConfiguration(http -> JettySettings.configure(http, config));
      javalin.jetty.addConnector(this::connector);
      routes.addTo(javalin);
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

    private void configure(
        Server server, EdgeHandler edge, Sockets sockets, Shared shared, Routes routes) {
      edge.setHandler(new SocketHandler(server, mounts, sockets, shared, routes::errorsFor));
      server.setHandler(edge);
      server.setErrorHandler(new JettyErrors(edge, routes::errorsFor));
    }
  }
}
