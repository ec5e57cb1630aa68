package io.daytona.bench.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.entity.mime.MultipartEntityBuilder;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.HttpClientResponseHandler;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * The public API through Apache HttpClient with kept-alive connections; the blocking client costs
 * least of its own, which is why it was taken and not the JDK's.
 */
public final class Api implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 512;

  private final String url;
  private final String key;
  private final ObjectMapper json = new ObjectMapper();
  private final ThreadLocal<Map<String, Double>> timing = ThreadLocal.withInitial(Map::of);
  private final PoolingHttpClientConnectionManager connections =
      PoolingHttpClientConnectionManagerBuilder.create()
          .setMaxConnTotal(MOST_CONNECTIONS)
          .setMaxConnPerRoute(MOST_CONNECTIONS)
          .build();
  private final CloseableHttpClient client =
      HttpClients.custom()
          .disableAutomaticRetries()
          .setDefaultRequestConfig(
              RequestConfig.custom().setResponseTimeout(Timeout.ofMinutes(2)).build())
          .setConnectionManager(connections)
          .build();

  /**
   * A client of a platform.
   *
   * @param url base of the API
   * @param key API key
   */
  public Api(String url, String key) {
    this.url = url;
    this.key = key;
  }

  /**
   * A sandbox as the API describes it.
   *
   * @param id its id
   * @param toolbox base of its toolbox
   */
  public record Sandbox(String id, String toolbox) {}

  /** Makes a sandbox and waits until it is started. */
  public Sandbox create(String snapshot) {
    JsonNode made =
        send(
            "POST", url + "/sandbox", Map.of("snapshot", snapshot, "labels", Map.of("bench", "1")));
    if (!made.path("state").asText().equals("started")) {
      throw new IllegalStateException("created sandbox is " + made.path("state").asText());
    }
    String id = made.path("id").asText();
    return new Sandbox(id, made.path("toolboxProxyUrl").asText() + "/" + id);
  }

  /** The sandbox as the API answers. */
  public JsonNode get(String id) {
    return send("GET", url + "/sandbox/" + id, null);
  }

  /** Stops a sandbox. */
  public JsonNode stop(String id) {
    return send("POST", url + "/sandbox/" + id + "/stop", Map.of());
  }

  /** Starts a sandbox. */
  public JsonNode start(String id) {
    return send("POST", url + "/sandbox/" + id + "/start", Map.of());
  }

  /** Deletes a sandbox. */
  public void delete(String id) {
    send("DELETE", url + "/sandbox/" + id, null);
  }

  /** Runs a command and returns its output; a failing one throws. */
  public String execute(Sandbox sandbox, String command) {
    JsonNode answer =
        send("POST", sandbox.toolbox() + "/process/execute", Map.of("command", command));
    if (answer.path("exitCode").asInt() != 0) {
      throw new IllegalStateException("command failed: " + answer);
    }
    return answer.path("result").asText();
  }

  /** Runs Python and returns its output. */
  public String codeRun(Sandbox sandbox, String code) {
    return send(
            "POST",
            sandbox.toolbox() + "/process/code-run",
            Map.of("code", code, "language", "python"))
        .path("result")
        .asText();
  }

  /** Uploads one file as the body of a request. */
  public void upload(Sandbox sandbox, String path, byte[] bytes) {
    send(
        ClassicRequestBuilder.post(sandbox.toolbox() + "/files/upload-v2?path=" + path)
            .setEntity(new ByteArrayEntity(bytes, ContentType.APPLICATION_OCTET_STREAM))
            .build(),
        Api::bytes);
  }

  /** Downloads and returns the number of bytes. */
  public long download(Sandbox sandbox, String path) {
    return send(
        ClassicRequestBuilder.get(sandbox.toolbox() + "/files/download?path=" + path).build(),
        Api::count);
  }

  /** Ids of all sandboxes a former run of the benchmark left. */
  public List<String> leftovers() {
    JsonNode page =
        send("GET", url + "/sandbox?limit=200&labels=%7B%22bench%22%3A%221%22%7D", null);
    return page.path("items").valueStream().map(item -> item.path("id").asText()).toList();
  }

  /** A figure of the platform's metrics; NaN when it does not tell it. */
  public double metric(String name) {
    String all =
        send(
            ClassicRequestBuilder.get(url.replaceFirst("/api$", "") + "/metrics").build(),
            in -> new String(in.readAllBytes(), StandardCharsets.UTF_8));
    return all.lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(Double.NaN);
  }

  /** Whether the platform answers. */
  public boolean healthy() {
    try {
      send("GET", url + "/health", null);
      return true;
    } catch (RefusedException | UncheckedIOException e) {
      return false;
    }
  }

  /** Closes the connections that wait for a next request: those of a server that was restarted. */
  public void forgetConnections() {
    connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
  }

  /** Steps of the last answer of this thread, in milliseconds, as {@code Server-Timing} tells. */
  public Map<String, Double> timing() {
    return timing.get();
  }

  /** The version of the platform. */
  public String version() {
    return send("GET", url + "/config", null).path("version").asText();
  }

  /**
   * Calls the toolbox.
   *
   * @param path route and query, with the leading slash
   * @param body written as JSON; none when null
   * @return the answer; missing when it is empty
   */
  public JsonNode toolbox(String method, Sandbox sandbox, String path, @Nullable Object body) {
    return send(method, sandbox.toolbox() + path, body);
  }

  /** Uploads files with one request and returns how many the platform says it wrote. */
  public int uploadAll(Sandbox sandbox, Map<String, byte[]> files) {
    MultipartEntityBuilder parts = MultipartEntityBuilder.create();
    int next = 0;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      String part = "files[" + next++ + "]";
      parts.addTextBody(part + ".path", file.getKey());
      parts.addBinaryBody(
          part + ".file", file.getValue(), ContentType.APPLICATION_OCTET_STREAM, file.getKey());
    }
    byte[] answer =
        send(
            ClassicRequestBuilder.post(sandbox.toolbox() + "/files/bulk-upload")
                .setEntity(parts.build())
                .build(),
            Api::bytes);
    try {
      return json.readTree(answer).path("files").size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Downloads files with one request and returns how many came. */
  public int downloadAll(Sandbox sandbox, List<String> paths) {
    try {
      byte[] body = json.writeValueAsBytes(Map.of("paths", paths));
      byte[] answer =
          send(
              ClassicRequestBuilder.post(sandbox.toolbox() + "/files/bulk-download")
                  .setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON))
                  .build(),
              Api::bytes);
      String parts = new String(answer, StandardCharsets.ISO_8859_1);
      return parts.split("; name=\"file\"; ", -1).length - 1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens a WebSocket of the toolbox. */
  public Channel open(Sandbox sandbox, String path) {
    return Channel.open(URI.create(sandbox.toolbox() + path), key);
  }

  private JsonNode send(String method, String target, @Nullable Object body) {
    try {
      ClassicRequestBuilder request = ClassicRequestBuilder.create(method).setUri(target);
      if (body != null) {
        request.setEntity(
            new ByteArrayEntity(json.writeValueAsBytes(body), ContentType.APPLICATION_JSON));
      }
      return json.readTree(send(request.build(), Api::bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private <T> T send(ClassicHttpRequest request, Reader<T> reader) {
    request.setHeader("Authorization", "Bearer " + key);
    HttpClientResponseHandler<T> handler =
        answer -> {
          timing.set(steps(answer.getFirstHeader("Server-Timing")));
          if (answer.getCode() >= 300) {
            throw new RefusedException(
                answer.getCode(),
                request.getMethod()
                    + " "
                    + request.getPath()
                    + " answered "
                    + answer.getCode()
                    + ": "
                    + EntityUtils.toString(answer.getEntity(), StandardCharsets.UTF_8));
          }
          HttpEntity entity = answer.getEntity();
          try (InputStream in =
              entity == null ? InputStream.nullInputStream() : entity.getContent()) {
            return reader.read(in);
          }
        };
    try {
      return client.execute(request, handler);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Double> steps(@Nullable Header header) {
    Map<String, Double> steps = new LinkedHashMap<>();
    if (header != null) {
      for (String step : header.getValue().split(",", -1)) {
        String[] parts = step.strip().split(";dur=", 2);
        if (parts.length == 2) {
          steps.put(parts[0], Double.parseDouble(parts[1]));
        }
      }
    }
    return steps;
  }

  /** Reads an answer's body to its end. */
  @FunctionalInterface
  private interface Reader<T> {
    T read(InputStream in) throws IOException;
  }

  private static byte[] bytes(InputStream in) throws IOException {
    return in.readAllBytes();
  }

  private static long count(InputStream in) throws IOException {
    byte[] buffer = new byte[1 << 17];
    long total = 0;
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      total += read;
    }
    return total;
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
