package io.daytona.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

/** The public API through a real HTTP client with kept-alive connections. */
final class Api implements AutoCloseable {
  private final String url;
  private final String key;
  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  Api(String url, String key) {
    this.url = url;
    this.key = key;
  }

  /** A sandbox as the API describes it. */
  record Sandbox(String id, String toolbox) {}

  Sandbox create(String snapshot) {
    JsonNode made =
        send(
            "POST", url + "/sandbox", Map.of("snapshot", snapshot, "labels", Map.of("bench", "1")));
    if (!made.path("state").asText().equals("started")) {
      throw new IllegalStateException("created sandbox is " + made.path("state").asText());
    }
    String id = made.path("id").asText();
    return new Sandbox(id, made.path("toolboxProxyUrl").asText() + "/" + id);
  }

  JsonNode get(String id) {
    return send("GET", url + "/sandbox/" + id, null);
  }

  JsonNode stop(String id) {
    return send("POST", url + "/sandbox/" + id + "/stop", Map.of());
  }

  JsonNode start(String id) {
    return send("POST", url + "/sandbox/" + id + "/start", Map.of());
  }

  void delete(String id) {
    send("DELETE", url + "/sandbox/" + id, null);
  }

  /** Runs a command and returns its output; a failing one throws. */
  String execute(Sandbox sandbox, String command) {
    JsonNode answer =
        send("POST", sandbox.toolbox() + "/process/execute", Map.of("command", command));
    if (answer.path("exitCode").asInt() != 0) {
      throw new IllegalStateException("command failed: " + answer);
    }
    return answer.path("result").asText();
  }

  String codeRun(Sandbox sandbox, String code) {
    return send(
            "POST",
            sandbox.toolbox() + "/process/code-run",
            Map.of("code", code, "language", "python"))
        .path("result")
        .asText();
  }

  void upload(Sandbox sandbox, String path, byte[] bytes) {
    HttpRequest request =
        base(sandbox.toolbox() + "/files/upload-v2?path=" + path)
            .header("Content-Type", "application/octet-stream")
            .POST(BodyPublishers.ofByteArray(bytes))
            .build();
    exchange(request);
  }

  /** Downloads and returns the number of bytes. */
  long download(Sandbox sandbox, String path) {
    HttpRequest request = base(sandbox.toolbox() + "/files/download?path=" + path).GET().build();
    try {
      HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
          total += read;
        }
        return total;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Ids of all sandboxes a former run of the benchmark left. */
  List<String> leftovers() {
    JsonNode page =
        send("GET", url + "/sandbox?limit=200&labels=%7B%22bench%22%3A%221%22%7D", null);
    return page.path("items").valueStream().map(item -> item.path("id").asText()).toList();
  }

  String version() {
    return send("GET", url + "/config", null).path("version").asText();
  }

  private HttpRequest.Builder base(String target) {
    return HttpRequest.newBuilder(URI.create(target))
        .header("Authorization", "Bearer " + key)
        .timeout(Duration.ofMinutes(2));
  }

  private JsonNode send(
      String method, String target, @org.jspecify.annotations.Nullable Object body) {
    try {
      BodyPublisher publisher =
          body == null
              ? BodyPublishers.noBody()
              : BodyPublishers.ofByteArray(json.writeValueAsBytes(body));
      byte[] answer =
          exchange(
              base(target)
                  .header("Content-Type", "application/json")
                  .method(method, publisher)
                  .build());
      return json.readTree(answer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] exchange(HttpRequest request) {
    try {
      HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
      if (answer.statusCode() >= 300) {
        throw new IllegalStateException(
            request.method()
                + " "
                + request.uri().getPath()
                + " answered "
                + answer.statusCode()
                + ": "
                + new String(answer.body(), java.nio.charset.StandardCharsets.UTF_8));
      }
      return answer.body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
