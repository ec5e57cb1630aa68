package io.daytona.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.daytona.control.persistence.TestPostgres;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.http.Json;
import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import io.daytona.http.limit.RateLimiters;
import io.daytona.wire.failpoint.Failpoints;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A control plane on a fresh database behind its HTTP listener, over a runner in memory. */
final class TestPlatform implements AutoCloseable {
  static final String KEY = "dtn_" + "0123456789abcdef".repeat(4);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  final FakeRunner runner;
  final MutableClock clock = new MutableClock();
  final List<String> passed = new CopyOnWriteArrayList<>();
  final HikariDataSource dataSource;
  private final HttpClient client = HttpClient.newHttpClient();
  private final TestPostgres postgres;
  private final RateLimiters limits;
  volatile boolean databaseDiskFull;
  private ControlPlane control;
  private HttpServer server;

  /** A reply: status, headers and body. */
  record Reply(int status, Map<String, List<String>> headers, JsonNode body) {
    String text(String field) {
      return body.path(field).asText();
    }

    String header(String name) {
      return Objects.requireNonNull(headers.get(name), name).getFirst();
    }
  }

  private TestPlatform(
      FakeRunner runner,
      ControlConfig config,
      TestPostgres postgres,
      Map<Limiter, RateLimit> limits) {
    this.runner = runner;
    this.postgres = postgres;
    this.limits = new RateLimiters(limits, System::nanoTime);
    HikariConfig pool = new HikariConfig();
    pool.setJdbcUrl(postgres.freshDatabase());
    pool.setMaximumPoolSize(10);
    pool.setConnectionTimeout(1000);
    pool.setInitializationFailTimeout(5000);
    dataSource = new HikariDataSource(pool);
    control = plane(config);
    server = listen(control);
  }

  /** A platform whose default snapshots are ready. */
  static TestPlatform start() {
    return start(FakeRunner.withImage(), ControlConfig.defaults());
  }

  static TestPlatform start(FakeRunner runner, ControlConfig config) {
    return start(runner, config, TestPostgres.shared());
  }

  /** A platform that limits the rates of requests. */
  static TestPlatform start(Map<Limiter, RateLimit> limits) {
    return start(FakeRunner.withImage(), ControlConfig.defaults(), TestPostgres.shared(), limits);
  }

  static TestPlatform start(FakeRunner runner, ControlConfig config, TestPostgres postgres) {
    return start(runner, config, postgres, Map.of());
  }

  private static TestPlatform start(
      FakeRunner runner,
      ControlConfig config,
      TestPostgres postgres,
      Map<Limiter, RateLimit> limits) {
    TestPlatform platform = new TestPlatform(runner, config.withAdminApiKey(KEY), postgres, limits);
    if (!runner.prepared.isEmpty()) {
      platform.await("active snapshots", platform::snapshotsActive);
    }
    return platform;
  }

  private boolean snapshotsActive() {
    return count("SELECT count(*) FROM snapshot WHERE state = 'active'") == 3;
  }

  private ControlPlane plane(ControlConfig config) {
    Failpoints failpoints = passed::add;
    ControlPlane plane =
        new ControlPlane(
            config,
            dataSource,
            new ControlPlane.Surroundings(() -> databaseDiskFull, clock::nanos),
            runner,
            failpoints,
            clock,
            limits.limits());
    plane.start();
    return plane;
  }

  private HttpServer listen(ControlPlane plane) {
    return HttpServer.builder(HttpConfig.defaults())
        .mount(
            "/api",
            plane.endpoints(),
            limits.around(plane.authenticator()),
            plane.errorRenderer(),
            limits.anonymous())
        .start();
  }

  ControlPlane control() {
    return control;
  }

  /** Ends the control plane and starts another one on the same database and host. */
  void restart() {
    restart(ControlConfig.defaults().withAdminApiKey(KEY));
  }

  void restart(ControlConfig config) {
    server.close();
    control.close();
    control = plane(config);
    server = listen(control);
  }

  Reply get(String path) {
    return send("GET", path, null, KEY);
  }

  Reply delete(String path) {
    return send("DELETE", path, null, KEY);
  }

  Reply post(String path) {
    return send("POST", path, "", KEY);
  }

  Reply post(String path, String body) {
    return send("POST", path, body, KEY);
  }

  Reply put(String path, String body) {
    return send("PUT", path, body, KEY);
  }

  Reply send(
      String method, String path, @Nullable String body, @Nullable String key, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/api" + path))
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      JsonNode json = Json.mapper().readTree(response.body().isEmpty() ? "null" : response.body());
      return new Reply(response.statusCode(), response.headers().map(), json);
    } catch (IOException e) {
      throw new IllegalStateException(method + " " + path + " got no reply", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Creates a sandbox from the default snapshot and gives its id. */
  String create(String body) {
    Reply reply = post("/sandbox", body);
    if (reply.status() != 200) {
      throw new AssertionError("create: " + reply);
    }
    return reply.text("id");
  }

  String state(String id) {
    return one("SELECT state FROM sandbox WHERE id = CAST(? AS uuid)", id);
  }

  void awaitState(String id, String state) {
    await(id + " is " + state, () -> state(id).equals(state));
  }

  /** Journal of a sandbox as {@code from>to} words. */
  String journal(String id) {
    return one(
        "SELECT string_agg(coalesce(from_state, 'new') || '>' || to_state, ' ' ORDER BY id)"
            + " FROM sandbox_journal WHERE sandbox_id = CAST(? AS uuid)",
        id);
  }

  long count(String sql) {
    return Long.parseLong(one(sql));
  }

  String one(String sql, String... parameters) {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? String.valueOf(row.getString(1)) : "no row";
      }
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  void execute(String sql, String... parameters) {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      statement.execute();
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Looks again and again until something holds. */
  void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + PATIENCE + ": " + what);
      }
      java.util.concurrent.locks.LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  /** All values of one column. */
  List<String> column(String sql) {
    List<String> values = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
    return values;
  }

  @Override
  public void close() {
    server.close();
    control.close();
    dataSource.close();
    postgres.drop(dataSource.getJdbcUrl());
  }
}
