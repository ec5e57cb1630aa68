package io.daytona.toolbox.telemetry;

import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.error.ToolboxErrors;
import io.daytona.toolbox.file.FileEndpoints;
import io.daytona.toolbox.process.OutputLimits;
import io.daytona.toolbox.session.Entrypoint;
import io.daytona.toolbox.table.ToolboxEndpoints;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.Origin;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The real agent as sandbox {@code box}, and one life of the platform in front of it. */
final class TelemetryBox implements SandboxDirectory, AutoCloseable {
  static final Usage USAGE =
      new Usage(600 << 20, 1L << 30, 88 << 20, 5_000_000_000L, 2_000, 0, 0, 0, 0);
  static final Duration INTERVAL = Duration.ofMillis(100);

  private final HttpClient http = HttpClient.newHttpClient();
  private final AgentClient client;
  private final Agent.ResolvedIdentity identity;
  private final Telemetry telemetry;
  private final HttpServer server;
  private volatile boolean stopped;

  private TelemetryBox(RealAgent agent, Map<String, String> env, String operator, Duration time) {
    client = agent.connect();
    identity = client.identity("", env, "root", agent.work().toString());
    TelemetryConfig config = new TelemetryConfig(Optional.of(operator), INTERVAL);
    telemetry = new Telemetry(config, this, time);
    server =
        HttpServer.builder(HttpConfig.defaults())
            .mount(
                "/toolbox/{sandbox}",
                ToolboxEndpoints.all(
                    this, "1.2.3", OutputLimits.defaults(), telemetry, FileEndpoints.listings(75)),
                (call, endpoint) -> new ToolboxTarget(call.path("sandbox"), "org"),
                new ToolboxErrors())
            .start();
    telemetry.start();
  }

  /** One life of a platform whose operator names a receiver. */
  static TelemetryBox open(RealAgent agent, Map<String, String> env, String operator) {
    return new TelemetryBox(agent, env, operator, Duration.ofSeconds(10));
  }

  /** The same with less patience. */
  static TelemetryBox open(
      RealAgent agent, Map<String, String> env, String operator, Duration patience) {
    return new TelemetryBox(agent, env, operator, patience);
  }

  /** What the platform gives a sandbox, and labels. */
  static Map<String, String> environment(String endpoint) {
    return Map.of("DAYTONA_OTEL_ENDPOINT", endpoint);
  }

  /** An entrypoint that repeats what is added to a file, and to another on standard error. */
  void startEntrypoint(RealAgent agent) throws IOException {
    Files.createFile(agent.work().resolve("out"));
    Files.createFile(agent.work().resolve("err"));
    String script = "tail -n +1 -f err >&2 & exec tail -n +1 -f out";
    client.spawn(Entrypoint.spawn(List.of("sh", "-c", script))).close();
  }

  static void write(RealAgent agent, String file, String text) throws IOException {
    Path path = agent.work().resolve(file);
    Files.writeString(path, text, StandardOpenOption.APPEND);
  }

  HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/toolbox/box" + path);
    HttpRequest request = HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(json)).build();
    return http.send(request, BodyHandlers.ofString());
  }

  void init(String token) throws IOException, InterruptedException {
    HttpResponse<String> reply = post("/init", "{\"token\":\"" + token + "\"}");
    if (reply.statusCode() != 200) {
      throw new AssertionError(reply.body());
    }
  }

  /** From now on the sandbox does not run. */
  void stop() {
    stopped = true;
    client.close();
  }

  Telemetry telemetry() {
    return telemetry;
  }

  AgentClient client() {
    return client;
  }

  @Override
  public Running find(String id) {
    if (stopped) {
      throw DaytonaException.badRequest("bad request: no IP address found");
    }
    return new Running(id, client, identity.home(), identity.cwd(), identity.user());
  }

  @Override
  public Set<String> running() {
    return stopped ? Set.of() : Set.of("box");
  }

  @Override
  public Optional<Origin> origin(String id) {
    return Optional.of(new Origin("org-1", "eu", "snap"));
  }

  @Override
  public Optional<Usage> usage(String id) {
    return Optional.of(USAGE);
  }

  /** Ends the platform; the sandbox goes on. */
  @Override
  public void close() {
    server.close();
    telemetry.close();
    client.close();
    http.close();
  }
}
