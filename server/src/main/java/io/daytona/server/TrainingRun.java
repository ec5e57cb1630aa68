package io.daytona.server;

import io.daytona.server.config.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;

/**
 * Starts the platform without a host and asks it what clients ask, so that the JVM learns which
 * classes and methods a start needs. Used once when a distribution is made ready to run.
 */
final class TrainingRun {
  private static final int ROUNDS = 60;
  private static final String KEY = "dtn_" + "0".repeat(64);

  private TrainingRun() {}

  /**
   * Trains.
   *
   * @param settings with a data directory that may be thrown away
   */
  static void run(Settings settings) throws InterruptedException {
    Settings training =
        settings.with(
            Map.of(
                "DAYTONA_SERVER_API_PORT", "0",
                "DAYTONA_SERVER_PROXY_PORT", "0",
                "DAYTONA_SERVER_ADMIN_API_KEY", KEY),
            "training",
            false);
    try (Platform platform = Platform.start(training, config -> HostPart.absent());
        HttpClient client = HttpClient.newHttpClient()) {
      for (int round = 0; round < ROUNDS; round++) {
        for (HttpRequest request : requests(platform)) {
          client.send(request, BodyHandlers.discarding());
        }
      }
    } catch (IOException e) {
      throw new StartException("the training run failed: " + e.getMessage(), e);
    }
  }

  private static List<HttpRequest> requests(Platform platform) {
    String api = "http://127.0.0.1:" + platform.apiPort();
    String proxy = "http://127.0.0.1:" + platform.proxyPort();
    return List.of(
        request(api + "/api/health").build(),
        request(api + "/api/config").build(),
        request(api + "/api-json").build(),
        request(api + "/metrics").build(),
        request(api + "/api/api-keys/current").build(),
        request(api + "/api/snapshots").build(),
        request(api + "/api/sandbox?limit=10&labels=%7B%22a%22%3A%22b%22%7D").build(),
        request(api + "/api/sandbox/unknown").build(),
        request(api + "/api/sandbox").POST(BodyPublishers.ofString("{\"labels\":{}}")).build(),
        request(api + "/api/sandbox").POST(BodyPublishers.ofString("{")).build(),
        request(proxy + "/health").build(),
        request(proxy + "/toolbox/unknown/process/execute")
            .POST(BodyPublishers.ofString("{\"command\":\"true\"}"))
            .build());
  }

  private static HttpRequest.Builder request(String uri) {
    return HttpRequest.newBuilder(URI.create(uri)).header("Authorization", "Bearer " + KEY);
  }
}
