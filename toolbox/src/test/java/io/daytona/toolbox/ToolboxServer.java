package io.daytona.toolbox;

import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.error.ToolboxErrors;
import io.daytona.toolbox.file.FileEndpoints;
import io.daytona.toolbox.process.OutputBudget;
import io.daytona.toolbox.process.OutputLimits;
import io.daytona.toolbox.table.ToolboxEndpoints;
import io.daytona.toolbox.telemetry.Telemetry;
import io.daytona.toolbox.telemetry.TelemetryConfig;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The toolbox over the real agent behind the real HTTP server, as the sandbox {@code box}. */
public final class ToolboxServer implements AutoCloseable {
  /** Output that a command may have before its middle is left out. */
  public static final int OUTPUT_LIMIT = 1 << 20;

  private final RealAgent agent;
  private final AgentClient client;
  private final Telemetry telemetry;
  private final HttpServer server;
  private final HttpClient http;

  private ToolboxServer(
      RealAgent agent, AgentClient client, Telemetry telemetry, HttpServer server) {
    this.telemetry = telemetry;
    this.agent = agent;
    this.client = client;
    this.server = server;
    this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  /** Starts everything; commands work in an empty directory. */
  public static ToolboxServer start() throws IOException, InterruptedException {
    return start(RealAgent.start());
  }

  /** The same over an agent that runs already. */
  public static ToolboxServer start(RealAgent agent) {
    return start(agent, "root", agent.work().toString());
  }

  /** The same with a user and working directory. */
  public static ToolboxServer start(RealAgent agent, String user, String workdir) {
    return start(agent, user, workdir, Map.of("FROM_BASE", "base"));
  }

  /** The same with a base environment. */
  public static ToolboxServer start(
      RealAgent agent, String user, String workdir, Map<String, String> env) {
    return start(agent, agent.connect(), user, workdir, env);
  }

  /** The same over a connection that is there already. */
  public static ToolboxServer start(
      RealAgent agent, AgentClient client, String user, String workdir, Map<String, String> env) {
    Agent.ResolvedIdentity identity = client.identity("", env, user, workdir);
    SandboxDirectory directory =
        id ->
            new SandboxDirectory.Running(
                id, client, identity.home(), identity.cwd(), identity.user());
    OutputLimits limits = new OutputLimits(OUTPUT_LIMIT, new OutputBudget(16 << 20));
    Telemetry telemetry = new Telemetry(TelemetryConfig.defaults(), directory);
    HttpServer server =
        HttpServer.builder(HttpConfig.defaults())
            .maxJsonBytes(16 << 20)
            .mount(
                "/toolbox/{sandbox}",
                ToolboxEndpoints.all(
                    directory, "1.2.3", limits, telemetry, FileEndpoints.listings(75)),
                (call, endpoint) -> new ToolboxTarget(call.path("sandbox"), "org"),
                new ToolboxErrors())
            .start();
    return new ToolboxServer(agent, client, telemetry, server);
  }

  /** The directory that commands work in. */
  public Path work() {
    return agent.work();
  }

  /** The agent's process. */
  public RealAgent agent() {
    return agent;
  }

  /** The connection that serves the toolbox. */
  public AgentClient client() {
    return client;
  }

  /** Address of a path of the toolbox. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + "/toolbox/box" + path);
  }

  /** Sends a request and reads the whole reply as bytes. */
  public HttpResponse<byte[]> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.ofByteArray());
  }

  /** A request with headers. */
  public HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    return headers.length == 0 ? request : request.headers(headers);
  }

  /** Gets a path. */
  public HttpResponse<byte[]> get(String path, String... headers)
      throws IOException, InterruptedException {
    return send(request(path, headers).GET());
  }

  /** Posts JSON. */
  public HttpResponse<byte[]> post(String path, String json, String... headers)
      throws IOException, InterruptedException {
    return send(
        request(path, headers)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  /** Opens a WebSocket. */
  public ToolboxSocket socket(String path, String... headers) {
    return ToolboxSocket.open(http, uri(path), List.of(), headers);
  }

  /** Opens a WebSocket and offers sub-protocols. */
  public ToolboxSocket socket(String path, List<String> offered, String... headers) {
    return ToolboxSocket.open(http, uri(path), offered, headers);
  }

  /** Ends all but the agent and what runs in the sandbox, as a restart of the platform does. */
  public void closePlatform() {
    server.close();
    telemetry.close();
    client.close();
    // Not close(): that would wait for WebSockets that a test left open.
    http.shutdownNow();
  }

  @Override
  public void close() throws IOException {
    closePlatform();
    agent.close();
  }
}
