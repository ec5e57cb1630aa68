package io.daytona.toolbox.lsp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.daytona.http.EndpointTable;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.Replies;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.error.ToolboxErrors;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The rows for language servers over the real agent, with servers and limits of the test. */
final class LspBox implements AutoCloseable {
  private final RealAgent agent;
  private final Path home;
  private volatile AgentClient client;
  private final HttpServer server;
  private final HttpClient http = HttpClient.newHttpClient();

  private LspBox(RealAgent agent, LspPrograms programs, LspLimits limits, Map<String, String> env)
      throws IOException {
    this.agent = agent;
    this.home = Files.createDirectory(agent.work().resolve("home"));
    this.client = agent.connect();
    Agent.ResolvedIdentity identity = client.identity("", env, "root", agent.work().toString());
    SandboxDirectory directory =
        id ->
            new SandboxDirectory.Running(
                id, client, home.toString(), identity.cwd(), identity.user());
    LspEndpoints rows = new LspEndpoints(new SandboxCalls(directory), programs, limits);
    this.server =
        HttpServer.builder(HttpConfig.defaults())
            .mount(
                "/toolbox/{sandbox}",
                new EndpointTable(rows.all(), List.of()),
                (call, endpoint) -> new ToolboxTarget(call.path("sandbox"), "org"),
                new ToolboxErrors())
            .start();
  }

  /** With the servers of the platform. */
  static LspBox start() throws IOException, InterruptedException {
    return start(LanguageServerPrograms.installed(), LspLimits.defaults(), Map.of());
  }

  /** With others. */
  static LspBox start(LspPrograms programs, LspLimits limits, Map<String, String> env)
      throws IOException, InterruptedException {
    return new LspBox(RealAgent.start(), programs, limits, env);
  }

  /** Where relative paths start. */
  Path work() {
    return agent.work();
  }

  /** What {@code ~} means. */
  Path home() {
    return home;
  }

  /** Writes a file below the working directory. */
  Path write(String path, String text) throws IOException {
    Path file = work().resolve(path);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Breaks the connection to the agent and makes another, as a restart of the platform does. */
  void reconnect() {
    client.close();
    client = agent.connect();
  }

  /** The programs that run. */
  List<ProcessInfo> processes() {
    return client.processes().stream().filter(ProcessInfo::running).toList();
  }

  /** Waits for so many programs to run; a killed one takes a moment to go. */
  void awaitProcesses(int count) {
    while (processes().size() != count) {
      Thread.onSpinWait();
    }
  }

  /** The connection. */
  AgentClient client() {
    return client;
  }

  /** Posts; keys and values alternate after the two that name the server. */
  HttpResponse<byte[]> post(String name, String language, String project, Object... more)
      throws IOException, InterruptedException {
    ObjectNode body = Json.mapper().createObjectNode();
    body.put("languageId", language).put("pathToProject", project);
    for (int i = 0; i < more.length; i += 2) {
      body.set((String) more[i], Json.mapper().valueToTree(more[i + 1]));
    }
    return postJson(name, body.toString());
  }

  /** Posts a text. */
  HttpResponse<byte[]> postJson(String name, String json, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        request(name)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json));
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  /** Gets; names and values of the query alternate. */
  HttpResponse<byte[]> get(String name, String... query) throws IOException, InterruptedException {
    StringBuilder path = new StringBuilder(name);
    for (int i = 0; i < query.length; i += 2) {
      path.append(i == 0 ? '?' : '&').append(query[i]).append('=');
      path.append(URLEncoder.encode(query[i + 1], StandardCharsets.UTF_8));
    }
    return send(request(path.toString()).GET());
  }

  /** Posts what must succeed with an empty reply. */
  void done(String name, String language, String project, Object... more)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> reply = post(name, language, project, more);
    assertEquals("", new String(reply.body(), StandardCharsets.UTF_8));
    assertEquals(200, reply.statusCode());
  }

  /** Completions at a position. */
  JsonNode complete(String language, String project, String uri, int line, int character)
      throws IOException, InterruptedException {
    Object position = Map.of("line", line, "character", character);
    return Replies.ok(post("completions", language, project, "uri", uri, "position", position));
  }

  /** Symbols of a document. */
  JsonNode symbols(String language, String project, String uri)
      throws IOException, InterruptedException {
    return Replies.ok(
        get("document-symbols", "languageId", language, "pathToProject", project, "uri", uri));
  }

  /** Symbols of a project. */
  JsonNode find(String language, String project, String query)
      throws IOException, InterruptedException {
    return Replies.ok(
        get("workspacesymbols", "languageId", language, "pathToProject", project, "query", query));
  }

  /** Findings about a document. */
  JsonNode diagnostics(String language, String project, String uri)
      throws IOException, InterruptedException {
    return Replies.ok(
        get("diagnostics", "languageId", language, "pathToProject", project, "uri", uri));
  }

  private HttpRequest.Builder request(String name) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:" + server.port() + "/toolbox/box/lsp/" + name));
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.ofByteArray());
  }

  @Override
  public void close() throws IOException {
    http.close();
    server.close();
    client.close();
    agent.close();
  }
}
