package io.daytona.server;

import io.daytona.server.config.Settings;
import io.daytona.server.postgres.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The whole process but for the host, over a real PostgreSQL, and a client of it. */
final class HostlessPlatform implements AutoCloseable {
  final TestDatabase database = new TestDatabase();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, String> environment;
  private final Platform platform;

  /**
   * @param data empty directory
   * @param key the administrator's API key
   * @param others further settings
   */
  HostlessPlatform(Path data, String key, Map<String, String> others) throws IOException {
    Files.createDirectory(data.resolve("run"));
    environment = new HashMap<>(others);
    environment.put("DAYTONA_SERVER_DATA_DIR", data.toString());
    environment.put("DAYTONA_SERVER_API_PORT", "0");
    environment.put("DAYTONA_SERVER_PROXY_PORT", "0");
    environment.put("DAYTONA_SERVER_DATABASE_URL", database.url());
    environment.put("DAYTONA_SERVER_ADMIN_API_KEY", key);
    platform = Platform.start(settings(), config -> HostPart.absent());
  }

  /** What it was started with. */
  Settings settings() {
    return Configuration.settings(environment, null, null);
  }

  int apiPort() {
    return platform.apiPort();
  }

  int proxyPort() {
    return platform.proxyPort();
  }

  HttpRequest.Builder api(String path) {
    return request(platform.apiPort(), path);
  }

  HttpRequest.Builder proxy(String path) {
    return request(platform.proxyPort(), path);
  }

  static HttpRequest.Builder request(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Override
  public void close() {
    platform.close();
    database.close();
    client.close();
  }
}
