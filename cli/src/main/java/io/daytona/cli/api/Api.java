package io.daytona.cli.api;

import io.daytona.cli.error.CliException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The platform's API over the JDK's HTTP client; failures are {@link CliException}s. */
public final class Api {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

  private final Connection connection;
  private final Map<String, String> headers;
  private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

  /**
   * @param connection where the API is
   * @param version release of this client
   */
  public Api(Connection connection, String version) {
    this.connection = connection;
    this.headers =
        Map.of(
            "Authorization",
            "Bearer " + connection.key(),
            "User-Agent",
            "daytona-cli/" + version,
            "X-Daytona-Source",
            "cli",
            "X-Daytona-CLI-Version",
            version);
  }

  private HttpClient client(URI url) {
    return clients.computeIfAbsent(url.getScheme(), Api::newClient);
  }

  private static HttpClient newClient(String scheme) {
    HttpClient.Builder client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT);
    return (scheme.equals("https") ? client : client.sslContext(new NoTls())).build();
  }

  /**
   * A sandbox.
   *
   * @param idOrName its id or name
   */
  public Sandbox sandbox(String idOrName) throws InterruptedException {
    String part = URLEncoder.encode(idOrName, StandardCharsets.UTF_8).replace("+", "%20");
    HttpResponse<String> reply = get("/sandbox/" + part);
    if (reply.statusCode() == 404) {
      throw new CliException(
          "there is no sandbox " + idOrName,
          "an id or a name of " + connection + " is needed; the key shows only its organization's");
    }
    return Sandbox.of(body(reply));
  }

  private HttpResponse<String> get(String path) throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(connection.url() + path)).timeout(REQUEST_TIMEOUT);
    headers.forEach(request::header);
    try {
      return client(connection.url()).send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw unreachable(connection.url(), e);
    }
  }

  private static Map<String, @Nullable Object> body(HttpResponse<String> reply) {
    Map<String, @Nullable Object> body = Json.read(reply.body());
    if (reply.statusCode() != 200) {
      throw refused(reply.statusCode(), message(body));
    }
    return body;
  }

  /** Clients of the reference have to expect a list of texts here as well. */
  private static String message(Map<String, @Nullable Object> body) {
    return body.get("message") instanceof List<?> several
        ? several.stream().map(String::valueOf).collect(Collectors.joining(", "))
        : Json.text(body, "message");
  }

  /**
   * Opens a WebSocket.
   *
   * @param url an {@code http} or {@code https} URL
   */
  public WebSocket socket(URI url, WebSocket.Listener listener) {
    WebSocket.Builder builder = client(url).newWebSocketBuilder().connectTimeout(CONNECT_TIMEOUT);
    headers.forEach(builder::header);
    try {
      return builder.buildAsync(URI.create("ws" + url.toString().substring(4)), listener).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refusal) {
        throw refused(refusal.getResponse().statusCode(), "");
      }
      throw unreachable(url, e.getCause() == null ? e : e.getCause());
    }
  }

  private static CliException refused(int status, String message) {
    String why = message.isEmpty() ? "" : ": " + message;
    return switch (status) {
      case 401 ->
          new CliException(
              "the API key was refused" + why, "set DAYTONA_API_KEY to a key of this platform");
      case 403 ->
          new CliException(
              "the API key may not do this" + why, "use a key with the permissions it takes");
      case 404 ->
          new CliException(
              "the platform does not know this request" + why,
              "is DAYTONA_API_URL right, and the platform as new as this client?");
      case 429, 503 -> new CliException("the platform is busy" + why, "try again shortly");
      default -> new CliException("the platform answered " + status + why, "");
    };
  }

  private static CliException unreachable(URI url, Throwable cause) {
    String text = cause.getMessage();
    String why =
        cause instanceof ConnectException
            ? "nobody answers there"
            : cause.getClass().getSimpleName();
    return new CliException(
        "cannot reach " + url + ": " + (text == null || text.isEmpty() ? why : text),
        "is the platform running (./daytona status), and DAYTONA_API_URL its address?");
  }
}
