package io.daytona.server.metrics;

import com.zaxxer.hikari.HikariDataSource;
import io.daytona.control.sandbox.SandboxLevels;
import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.HttpServer;
import io.daytona.http.RawReply;
import io.daytona.http.RequestMeter;
import io.daytona.wire.admission.Level;
import io.daytona.wire.runner.RunnerStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;

/** All metrics of the process, and the row that tells them (docs/metrics.md lists them). */
public final class Metrics implements AutoCloseable {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";
  // Prometheus gives up after ten seconds unless told otherwise.
  private static final Duration HOST_PATIENCE = Duration.ofSeconds(3);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final Bulkheads bulkheads = new Bulkheads();
  private final Levels levels;

  /**
   * @param version release
   * @param control levels of the control plane
   * @param host levels of the host; may block and fail
   */
  public Metrics(String version, Supplier<SandboxLevels> control, Supplier<RunnerStatus> host) {
    levels = new Levels(control, new HostLevels(host, HOST_PATIENCE));
    levels.bind(registry);
    Gauge.builder("daytona.info", () -> 1)
        .description("The release that runs")
        .tag("version", version)
        .register(registry);
  }

  /**
   * Measures the requests of a listener.
   *
   * @param listener its name, {@code api} or {@code proxy}
   */
  public RequestMeter requests(String listener) {
    return new RequestMetrics(registry, listener);
  }

  /** Tells of something that organizations share. */
  public void shared(Supplier<Level> level) {
    bulkheads.bind(registry, level, Tags.of("listener", "none"));
  }

  /** Tells what a listener has open. */
  public void listener(String name, HttpServer server) {
    for (int i = 0; i < server.levels().size(); i++) {
      int index = i;
      bulkheads.bind(registry, () -> server.levels().get(index), Tags.of("listener", name));
    }
    Gauge.builder("daytona.http.requests.running", server, HttpServer::runningRequests)
        .description("Requests that are being served")
        .tag("listener", name)
        .register(registry);
    Gauge.builder("daytona.http.sockets.open", server, HttpServer::openSockets)
        .description("WebSockets that are open")
        .tag("listener", name)
        .register(registry);
  }

  /** Tells of the connections to PostgreSQL. */
  public void database(HikariDataSource pool) {
    Levels.database(registry, pool.getHikariPoolMXBean());
  }

  /** Tells of the JVM and its process; takes some tens of milliseconds the first time. */
  public void process() {
    new JvmMemoryMetrics().bindTo(registry);
    collections.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
  }

  /** The row of the endpoint table. */
  public Endpoint<Void, RawReply> endpoint() {
    return Endpoint.get(
        "/metrics",
        "metrics",
        "Metrics in the format of Prometheus.",
        Access.MEMBER,
        RawReply.class,
        this::scrape);
  }

  private RawReply scrape(Call<Void> call) throws IOException {
    levels.look();
    boolean open =
        call.header("Accept").filter(type -> type.contains("openmetrics-text")).isPresent();
    String type = open ? OPEN_METRICS : TEXT;
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    registry.scrape(text, type);
    return new RawReply(200, type, text.size(), Map.of(), text::writeTo);
  }

  /** Stops listening to the collector. */
  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
