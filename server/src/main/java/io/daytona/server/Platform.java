package io.daytona.server;

import com.zaxxer.hikari.HikariDataSource;
import io.daytona.control.ControlPlane;
import io.daytona.gateway.ToolboxGateway;
import io.daytona.gateway.ToolboxRelay;
import io.daytona.http.Authenticator;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.ErrorRenderer;
import io.daytona.http.HttpServer;
import io.daytona.http.RequestObserver;
import io.daytona.http.limit.RateLimiters;
import io.daytona.server.config.Settings;
import io.daytona.server.log.LogConfigurator;
import io.daytona.server.metrics.Metrics;
import io.daytona.toolbox.error.ToolboxErrors;
import io.daytona.toolbox.file.FileEndpoints;
import io.daytona.toolbox.process.OutputLimits;
import io.daytona.toolbox.table.ToolboxEndpoints;
import io.daytona.toolbox.telemetry.Telemetry;
import io.daytona.wire.admission.Bulkhead;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every part of the platform that lives in this process, wired together. */
final class Platform implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Platform.class);

  private static final long LOG_FILE_BYTES = 16L << 20;

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  private volatile @Nullable Listeners listeners;

  private Platform() {}

  /**
   * Starts everything; returns when the API serves.
   *
   * @param hosts opens the side that makes sandboxes real
   * @throws RuntimeException when a part does not start; what had started is stopped
   */
  static Platform start(Settings settings, Function<Configuration, HostPart> hosts) {
    Platform platform = new Platform();
    try {
      platform.wire(settings, hosts);
      CompilerThreads.giveWay();
      return platform;
    } catch (IOException e) {
      platform.close();
      throw new StartException("the server does not start: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      platform.close();
      throw e;
    }
  }

  /** Lets {@link #close} wait no longer for requests that run. */
  void hurry() {
    LOG.info("stopping at once");
    Listeners serving = listeners;
    if (serving != null) {
      serving.hurry();
    }
  }

  /** Port of the API. */
  int apiPort() {
    Listeners serving = listeners;
    return serving == null ? 0 : serving.api().port();
  }

  /** Port of the toolbox proxy. */
  int proxyPort() {
    Listeners serving = listeners;
    return serving == null ? 0 : serving.proxy().port();
  }

  private void wire(Settings settings, Function<Configuration, HostPart> hosts) throws IOException {
    long from = System.nanoTime();
    ServerConfig server = Configuration.server(settings);
    LogConfigurator.accessLog(server.accessLog());
    Path run = server.dataDir().resolve("run");
    opened(DataDirectoryLock.take(server.dataDir()));
    // Bound first: a taken port ends the start before anything runs, and clients wait in the queue.
    ServerSocketChannel api =
        opened(Ports.bind(server.bind(), server.apiPort(), run.resolve("api.port")));
    ServerSocketChannel proxy =
        opened(Ports.bind(server.bind(), server.proxyPort(), run.resolve("proxy.port")));
    Configuration config = Configuration.of(settings, Ports.port(proxy));
    String version = config.control().version();

    RateLimiters limits = new RateLimiters(config.rateLimits().limits(), System::nanoTime);
    Foundation foundation = foundation(config, hosts);
    HostPart host = foundation.host();
    ControlPlane control =
        opened(
            new ControlPlane(
                config.control(),
                foundation.database(),
                new ControlPlane.Surroundings(() -> databaseDiskFull(server), System::nanoTime),
                host.runner(),
                server.armed(),
                Clock.systemUTC(),
                limits.limits()));
    Telemetry telemetry = opened(new Telemetry(config.telemetry(), host.directory()));
    Bulkhead listings = FileEndpoints.listings(config.clients().organizationShare());
    EndpointTable toolbox =
        ToolboxEndpoints.all(
            host.directory(), version, OutputLimits.defaults(), telemetry, listings);
    ToolboxGateway gateway =
        opened(
            new ToolboxGateway(
                control.gate(),
                toolbox,
                new ToolboxErrors(),
                version,
                config.control().proxyDomain(),
                limits));
    ToolboxRelay relay =
        opened(
            new ToolboxRelay(
                control.gate(),
                limits.around(control.authenticator()),
                toolbox,
                new ToolboxErrors()));
    Metrics metrics = opened(new Metrics(version, control::levels, host.runner()::status));
    metrics.database(foundation.database());
    metrics.shared(control::admission);
    metrics.shared(listings::level);
    // The listeners start beside the control plane; what clients ask meanwhile waits.
    CompletableFuture<String> ready = new CompletableFuture<>();
    CompletableFuture<Listeners> serving = new CompletableFuture<>();
    Drain drain = opened(new Drain(serving, control));
    CompletableFuture<Listeners> listening =
        CompletableFuture.supplyAsync(
            () ->
                opened(
                    listeners(
                        config, control, limits, gateway, relay, metrics, drain, api, proxy,
                        ready)),
            Thread::startVirtualThread);
    try {
      control.start();
      keepAdministratorKey(control, server.dataDir());
      Listeners joined = listening.join();
      listeners = joined;
      serving.complete(joined);
      ready.complete("started");
      telemetry.start();
      metrics.process();
      opened(new IdleHeap());
    } finally {
      if (!ready.isDone()) {
        ready.cancel(false);
        listening.exceptionally(failure -> null).join();
      }
    }
    LOG.info(
        "serving the API on port {} and the toolbox proxy on port {} after {} ms",
        apiPort(),
        proxyPort(),
        (System.nanoTime() - from) / 1_000_000);
  }

  private static Listeners listeners(
      Configuration config,
      ControlPlane control,
      RateLimiters limits,
      ToolboxGateway gateway,
      ToolboxRelay relay,
      Metrics metrics,
      Drain drain,
      ServerSocketChannel api,
      ServerSocketChannel proxy,
      CompletableFuture<?> ready) {
    String version = config.control().version();
    Authenticator authenticator = limits.around(control.authenticator());
    RequestObserver anonymous = limits.anonymous();
    ErrorRenderer errors = control.errorRenderer();
    List<Endpoint<?, ?>> frontDoor = FrontDoor.endpoints(control.endpoints(), version);
    HttpServer.Builder apiListener =
        HttpServer.builder(config.http())
            .limits(config.clients())
            .name("api")
            .version(version)
            .bind(api)
            .holdUntil(ready)
            .meter(metrics.requests("api"))
            .mount("/api", control.endpoints(), authenticator, errors, anonymous)
            .mount("", frontDoor, authenticator, errors, anonymous)
            .mount("", control.operatorEndpoints(), limits.around(control.administrators()), errors)
            .mount("", drain.endpoints(), limits.around(control.administrators()), errors)
            .mount(
                "",
                List.of(metrics.endpoint()),
                limits.around(
                    new MetricsAuthenticator(
                        config.server().metricsToken(), control.administrators())),
                errors);
    HttpServer apiServer = relay.attach(apiListener).start();
    HttpServer proxyServer =
        gateway
            .attach(
                HttpServer.builder(config.http())
                    .limits(config.clients())
                    .name("proxy")
                    .version(version))
            .meter(metrics.requests("proxy"))
            .bind(proxy)
            .holdUntil(ready)
            .start();
    metrics.listener("api", apiServer);
    metrics.listener("proxy", proxyServer);
    return new Listeners(apiServer, proxyServer);
  }

  /**
   * What the control plane stands on.
   *
   * @param database connections to PostgreSQL
   * @param host makes sandboxes real
   */
  private record Foundation(HikariDataSource database, HostPart host) {}

  /** Makes database and host ready side by side. */
  private Foundation foundation(Configuration config, Function<Configuration, HostPart> hosts) {
    try (ExecutorService starting = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<HostPart> host =
          starting.submit(() -> {
            HostPart part = hosts.apply(config);
            opened(part.closing());
            return part;
          });
      Future<HikariDataSource> database =
          starting.submit(() -> opened(DatabasePart.open(config.server())).pool());
      return new Foundation(ready(database), ready(host));
    }
  }

  private static <P> P ready(Future<P> part) {
    try {
      return part.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new StartException("the server does not start: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while the server started", e);
    }
  }

  /** Of the embedded PostgreSQL; it needs 16 MiB for the next file of its log. */
  private static boolean databaseDiskFull(ServerConfig server) {
    return server.databaseUrl().isEmpty()
        && server.dataDir().resolve("postgres").toFile().getUsableSpace() < LOG_FILE_BYTES;
  }

  /** A key made on the first run is written where only this user and root read it. */
  private static void keepAdministratorKey(ControlPlane control, Path dataDir) throws IOException {
    if (control.generatedAdminApiKey().isPresent()) {
      Path file = dataDir.resolve("postgres").resolve("admin-api-key");
      SecretFile.write(file, control.generatedAdminApiKey().get());
      LOG.info("the administrator's API key is in {}", file);
    }
  }

  private <P extends AutoCloseable> P opened(P part) {
    synchronized (parts) {
      parts.push(part);
    }
    return part;
  }

  /** Stops everything, last started first; the sandboxes go on. */
  @Override
  public void close() {
    LOG.info("stopping");
    Listeners serving = listeners;
    if (serving != null && serving.running() > 0) {
      LOG.info("waiting for {} requests and sockets", serving.running());
    }
    synchronized (parts) {
      while (!parts.isEmpty()) {
        AutoCloseable part = parts.pop();
        try {
          part.close();
        } catch (Exception e) {
          LOG.warn("{} did not stop cleanly", part.getClass().getSimpleName(), e);
        }
      }
    }
    LOG.info("stopped");
  }
}
