package io.daytona.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.http.Limiter;
import io.daytona.http.Method;
import io.daytona.http.SocketEndpoint;
import io.daytona.http.limit.RateLimit;
import io.daytona.http.limit.RateLimiters;
import io.daytona.wire.access.Credentials;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.access.SignedFileRequest;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class ToolboxGatewayTest {
  private static final String ID = "0b6f2b1e-7b7a-4b7e-9a56-5d6f5b8f0001";

  private static final int MAX_OPEN = 6;

  /** More than the other tests have. */
  private static final int MAX_FAILURES = 30;

  private final BlockingQueue<String> touched = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> signed = new LinkedBlockingQueue<>();
  private final CountDownLatch release = new CountDownLatch(1);
  private final ToolboxGateway gateway =
      new ToolboxGateway(
          new KeyGate(),
          new EndpointTable(table(), sockets()),
          (error, method, uri) ->
              Map.of("statusCode", error.kind().status(), "message", error.sentence(), "path", uri),
          "1.2.3",
          "proxy.localhost:4000",
          new RateLimiters(
              Map.of(Limiter.FAILED_AUTH, new RateLimit(MAX_FAILURES, 3600)), System::nanoTime),
          Duration.ofMillis(200),
          MAX_OPEN);
  private final HttpServer server =
      gateway.attach(HttpServer.builder(HttpConfig.defaults())).start();

  @AfterEach
  void stop() {
    release.countDown();
    server.close();
    gateway.close();
  }

  /** Lets {@code key} into the sandbox, by id or by the name {@code box}. */
  private final class KeyGate implements SandboxGate {
    @Override
    public ToolboxTarget authorize(String sandbox, Credentials credentials) {
      if (!"key".equals(credentials.bearer())
          && !"token".equals(credentials.previewToken())
          && !"auth".equals(credentials.authKey())) {
        throw DaytonaException.of(ErrorKind.UNAUTHORIZED, "Invalid credentials");
      }
      if (!sandbox.equals(ID) && !sandbox.equals("box")) {
        throw DaytonaException.notFound("Sandbox with ID or name " + sandbox + " not found");
      }
      return new ToolboxTarget(ID, "org");
    }

    @Override
    public ToolboxTarget authorizeSigned(String sandbox, SignedFileRequest request) {
      if (!request.signature().equals("v1_good")) {
        throw DaytonaException.of(ErrorKind.UNAUTHORIZED, "The signature is wrong");
      }
      signed.add(request.method() + " " + request.path() + " " + request.expires());
      return new ToolboxTarget(ID, "org");
    }

    @Override
    public void touch(String sandboxId) {
      touched.add(sandboxId);
    }
  }

  record Seen(String id, String authorization, String token, String query, String uri) {}

  private static Endpoint<Void, String> file(Method method, String path) {
    return new Endpoint<>(
        method,
        path,
        method + path,
        "For a test.",
        Access.MEMBER,
        Void.class,
        String.class,
        200,
        call -> "file " + call.query("path").orElse("-"));
  }

  private List<Endpoint<?, ?>> table() {
    return List.of(
        file(Method.GET, "/files/download"),
        file(Method.DELETE, "/files/download"),
        file(Method.GET, "/files/info"),
        file(Method.POST, "/files/upload-v2"),
        file(Method.POST, "/files/upload"),
        Endpoint.get(
            "/seen",
            "seen",
            "Tells what arrived.",
            Access.PUBLIC,
            Seen.class,
            call ->
                new Seen(
                    call.principal(SandboxGate.ToolboxTarget.class).sandboxId(),
                    call.header("authorization").orElse("-"),
                    call.header("x-daytona-preview-token").orElse("-"),
                    call.queryMap().toString(),
                    call.uri())),
        Endpoint.get(
            "/hold",
            "hold",
            "Answers when told.",
            Access.MEMBER,
            String.class,
            call -> {
              release.await();
              return "done";
            }));
  }

  private List<SocketEndpoint> sockets() {
    return List.of(
        new SocketEndpoint(
            "/seen/{what}",
            "seenSocket",
            "Tells what arrived.",
            Access.PUBLIC,
            call -> {
              String seen =
                  String.join(
                      " ",
                      call.path("what"),
                      call.principal(SandboxGate.ToolboxTarget.class).sandboxId(),
                      call.header("authorization").orElse("-"),
                      call.header("x-daytona-preview-token").orElse("-"),
                      call.queryMap().toString(),
                      String.join("|", call.offered()));
              call.offered().stream().findFirst().ifPresent(call::choose);
              return socket -> {
                socket.send(seen);
                socket.receive(Duration.ofSeconds(20));
              };
            }));
  }

  private String ask(String method, String target, String... headers) throws IOException {
    try (Socket socket = send(method, "h", "/toolbox/" + ID + target, headers)) {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private Socket send(String host, String target, String... headers) throws IOException {
    return send("GET", host, target, headers);
  }

  private Socket send(String method, String host, String target, String[] headers)
      throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    String lines = String.join("", List.of(headers).stream().map(h -> h + "\r\n").toList());
    String head =
        method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
    socket.getOutputStream().write((head + lines + "\r\n").getBytes(ISO_8859_1));
    return socket;
  }

  private String get(String host, String target, String... headers) throws IOException {
    try (Socket socket = send(host, target, headers)) {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  @Test
  void pathAndHostAreTheSameRoutes() throws IOException {
    for (String name : List.of(ID, "box")) {
      String byPath =
          get("127.0.0.1:4000", "/toolbox/" + name + "/seen", "Authorization: Bearer key");
      String byHost =
          get("2280-" + name + ".proxy.localhost:4000", "/seen", "Authorization: Bearer key");
      String elsewhere =
          get(
              "2280-" + name.toUpperCase(java.util.Locale.ROOT) + ".x.example.org",
              "/seen",
              "Authorization: Bearer key");
      for (String reply : List.of(byPath, byHost, elsewhere)) {
        assertTrue(reply.startsWith("HTTP/1.1 200 "), reply);
        assertTrue(reply.contains("\"id\":\"" + ID + "\""), reply);
      }
    }
  }

  @Test
  void failedAttemptsAreBoundedForRequestsAndWebSocketsTogether() throws IOException {
    String path = "/toolbox/" + ID + "/seen";
    for (int i = 0; i < MAX_FAILURES; i++) {
      String refused = get("h", path, "Authorization: Bearer wrong " + i);
      assertTrue(refused.startsWith("HTTP/1.1 401 "), refused);
    }
    for (String reply :
        List.of(
            get("h", path, "Authorization: Bearer key"),
            upgrade("h", path + "/x", "Authorization: Bearer key"))) {
      assertTrue(reply.startsWith("HTTP/1.1 429 "), reply);
      assertTrue(reply.contains("Retry-After-failed-auth: "), reply);
    }
    assertTrue(get("h", "/health").startsWith("HTTP/1.1 200 "));
  }

  @Test
  void everyCredentialWorksAndNoneReachesTheToolbox() throws IOException {
    String path = "/toolbox/" + ID + "/seen";
    List<String> replies =
        List.of(
            get("h", path + "?a=1", "Authorization: bearer key"),
            get("h", path + "?a=1", "X-Daytona-Preview-Token: token"),
            get("h", path + "?DAYTONA_SANDBOX_AUTH_KEY=auth&a=1", "Authorization: Bearer wrong"));
    for (String reply : replies) {
      assertTrue(reply.startsWith("HTTP/1.1 200 "), reply);
      assertTrue(
          reply.contains("\"authorization\":\"-\",\"token\":\"-\",\"query\":\"{a=[1]}\""), reply);
      assertTrue(reply.contains("\"uri\":\"" + path + "?a=1\""), reply);
    }
  }

  @Test
  void credentialsInTheQueryStayOutsideHoweverTheirNameIsSpelled() throws IOException {
    String path = "/toolbox/" + ID + "/seen";
    for (String name :
        List.of(
            "DAYTONA%5FSANDBOX_AUTH_KEY",
            "%44AYTONA_SANDBOX_AUTH_KEY",
            "DAYTONA_SANDBOX_AUTH_KEY[]",
            "DAYTONA_SANDBOX_AUTH_KEY%5B0%5D")) {
      String reply = get("h", path + "?a=1&" + name + "=auth&b=%61");
      assertTrue(reply.startsWith("HTTP/1.1 200 "), name + " " + reply);
      assertTrue(reply.contains("\"uri\":\"" + path + "?a=1&b=%61\""), name + " " + reply);
    }
  }

  @Test
  void oneSandboxCannotTakeAllPlaces() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int place = 0; place < MAX_OPEN; place++) {
        String path = "/toolbox/" + (place % 2 == 0 ? ID + "/seen/x" : "box/seen/x");
        Socket socket = open("h", path, "Authorization: Bearer key");
        open.add(socket);
        assertTrue(head(socket).startsWith("HTTP/1.1 101 "));
      }
      String socket = upgrade("h", "/toolbox/box/seen/x", "Authorization: Bearer key");
      String request = get("h", "/toolbox/box/seen", "Authorization: Bearer key");
      for (String refused : List.of(socket, request)) {
        assertTrue(refused.startsWith("HTTP/1.1 429 "), refused);
        assertTrue(refused.contains("Retry-After: 1"), refused);
      }
      assertTrue(request.contains("The sandbox has 6 requests and WebSockets open"), request);
      open.removeFirst().close();
      String again = "";
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!again.startsWith("HTTP/1.1 200 ") && System.nanoTime() < until) {
        again = get("h", "/toolbox/box/seen", "Authorization: Bearer key");
      }
      assertTrue(again.startsWith("HTTP/1.1 200 "), again);
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  @Test
  void refusalsSayWhichKind() throws IOException {
    String path = "/toolbox/" + ID + "/seen";
    String missing = get("h", path);
    assertTrue(missing.startsWith("HTTP/1.1 401 "), missing);
    assertTrue(missing.contains("\"message\":\"missing authentication: "), missing);
    String failed = get("h", path, "Authorization: Bearer wrong");
    assertTrue(failed.startsWith("HTTP/1.1 401 "), failed);
    assertTrue(
        failed.contains("\"message\":\"authentication failed: Invalid credentials\""), failed);
    String unknown = get("h", "/toolbox/other/seen", "Authorization: Bearer key");
    assertTrue(unknown.startsWith("HTTP/1.1 404 "), unknown);
  }

  @Test
  void publicRowsNeedAuthenticationToo() throws IOException {
    assertTrue(get("2280-" + ID + ".h", "/seen").startsWith("HTTP/1.1 401 "));
  }

  @Test
  void healthIsPublicOnTheProxysOwnHost() throws IOException {
    String reply = get("127.0.0.1:4000", "/health");
    assertTrue(reply.endsWith("{\"status\":\"ok\",\"version\":\"1.2.3\"}"), reply);
    assertTrue(get("2280-" + ID + ".h", "/health").startsWith("HTTP/1.1 404 "));
  }

  @Test
  void otherHostsAndPathsAreNotFoundInShape() throws IOException {
    String port =
        get(
            "3000-" + ID + ".proxy.localhost:4000",
            "/toolbox/" + ID + "/seen",
            "Authorization: Bearer key");
    String path = get("h", "/elsewhere?x=1");
    for (String reply : List.of(port, path)) {
      assertTrue(reply.startsWith("HTTP/1.1 404 "), reply);
      assertTrue(reply.contains("\"message\":\"Cannot GET /"), reply);
      assertTrue(reply.contains("\"statusCode\":404"), reply);
      assertTrue(reply.contains("X-Request-Id: "), reply);
    }
    String numericHost =
        get("10-0-0-5.nip.example:4000", "/toolbox/" + ID + "/seen", "Authorization: Bearer key");
    assertTrue(numericHost.startsWith("HTTP/1.1 200 "), numericHost);
  }

  @Test
  void activityIsNotedAtTheStartAndWhileOpen() throws Exception {
    try (Socket socket = send("h", "/toolbox/box/hold", "Authorization: Bearer key")) {
      for (int touch = 0; touch < 3; touch++) {
        assertEquals(ID, touched.poll(5, TimeUnit.SECONDS));
      }
      release.countDown();
      assertTrue(new String(socket.getInputStream().readAllBytes(), ISO_8859_1).contains("done"));
    }
    touched.clear();
    assertNull(touched.poll(600, TimeUnit.MILLISECONDS), "noted after the request had ended");
  }

  @Test
  void activityCanBeLeftOut() throws Exception {
    String path = "/toolbox/box/seen";
    get("h", path, "Authorization: Bearer key", "X-Daytona-Skip-Last-Activity-Update: true");
    assertTrue(touched.isEmpty());
    get("h", path, "Authorization: Bearer wrong");
    assertTrue(touched.isEmpty(), "a refused request is no activity");
    get("h", path, "Authorization: Bearer key");
    assertNotNull(touched.poll(5, TimeUnit.SECONDS));
  }

  @Test
  void browsersOfAnyOriginMaySendCredentials() throws IOException {
    String reply = get("h", "/health", "Origin: http://o");
    assertTrue(reply.contains("Access-Control-Allow-Credentials: true"), reply);
    assertFalse(
        get("h", "/health", "Origin: http://o", "X-Daytona-Disable-CORS: true")
            .contains("Access-Control"));
  }

  private static final List<String> HANDSHAKE =
      List.of(
          "Connection: keep-alive, Upgrade",
          "Upgrade: WebSocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
          "Origin: http://elsewhere");

  /** Asks for a WebSocket and reads the head of the reply and the first message. */
  private String upgrade(String host, String target, String... headers) throws IOException {
    try (Socket socket = open(host, target, headers)) {
      return head(socket) + message(socket);
    }
  }

  private Socket open(String host, String target, String... headers) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    List<String> lines = new ArrayList<>();
    lines.add("GET " + target + " HTTP/1.1");
    lines.add("Host: " + host);
    lines.addAll(HANDSHAKE);
    lines.addAll(List.of(headers));
    socket.getOutputStream().write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(ISO_8859_1));
    return socket;
  }

  private static String head(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        return head.toString();
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static String message(Socket socket) throws IOException {
    byte[] frame = socket.getInputStream().readNBytes(2);
    if (frame.length < 2 || frame[0] != (byte) 0x81) {
      return "";
    }
    int length = frame[1];
    if (length == 126) {
      byte[] wide = socket.getInputStream().readNBytes(2);
      length = (wide[0] & 0xff) << 8 | (wide[1] & 0xff);
    }
    return new String(socket.getInputStream().readNBytes(length), ISO_8859_1);
  }

  @Test
  void socketsAreServedByPathAndByHostWithEveryCredential() throws IOException {
    String path = "/toolbox/" + ID + "/seen/x";
    List<String> replies =
        List.of(
            upgrade("h", path + "?a=1", "Authorization: Bearer key"),
            upgrade("h", path + "?a=1", "X-Daytona-Preview-Token: token"),
            upgrade("h", path + "?DAYTONA_SANDBOX_AUTH_KEY=auth&a=1"),
            upgrade("2280-" + ID + ".x.example", "/seen/x?a=1", "X-Daytona-Preview-Token: token"),
            upgrade("2280-box.proxy.localhost:4000", "/seen/x?a=1", "Authorization: Bearer key"));
    for (String reply : replies) {
      assertTrue(reply.startsWith("HTTP/1.1 101 "), reply);
      assertTrue(reply.endsWith("x " + ID + " - - {a=[1]} "), reply);
      assertTrue(reply.contains("X-Request-Id: "), reply);
      assertFalse(reply.contains("Sec-WebSocket-Protocol"), reply);
    }
  }

  @Test
  void theOfferedVersionComesThrough() throws IOException {
    String reply =
        upgrade(
            "h",
            "/toolbox/" + ID + "/seen/x?DAYTONA_SANDBOX_AUTH_KEY=auth",
            "Sec-WebSocket-Protocol: X-Daytona-SDK-Version~0.205.1, X-Daytona-Pty-Envs~eyJhIjoiYiJ9");
    assertTrue(reply.contains("Sec-WebSocket-Protocol: X-Daytona-SDK-Version~0.205.1\r\n"), reply);
    assertTrue(
        reply.endsWith("{} X-Daytona-SDK-Version~0.205.1|X-Daytona-Pty-Envs~eyJhIjoiYiJ9"), reply);
  }

  @Test
  void socketsAreRefusedLikeRequests() throws IOException {
    String missing = upgrade("h", "/toolbox/" + ID + "/seen/x");
    assertTrue(missing.startsWith("HTTP/1.1 401 "), missing);
    String wrong = upgrade("2280-" + ID + ".h", "/seen/x", "Authorization: Bearer wrong");
    assertTrue(wrong.startsWith("HTTP/1.1 401 "), wrong);
    String unknown = upgrade("h", "/toolbox/other/seen/x", "Authorization: Bearer key");
    assertTrue(unknown.startsWith("HTTP/1.1 404 "), unknown);
    assertTrue(touched.isEmpty(), "a refused request is no activity");
  }

  @Test
  void anOpenSocketIsActivityUntilItCloses() throws Exception {
    try (Socket socket = open("h", "/toolbox/box/seen/x", "Authorization: Bearer key")) {
      assertTrue(head(socket).startsWith("HTTP/1.1 101 "));
      for (int touch = 0; touch < 3; touch++) {
        assertEquals(ID, touched.poll(5, TimeUnit.SECONDS));
      }
    }
    String last = ID;
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (last != null && System.nanoTime() < until) {
      last = touched.poll(600, TimeUnit.MILLISECONDS);
    }
    assertNull(last, "noted after the socket had closed");
  }

  private static final String SIGNED = "?path=a%20b%2Fc&expires=7&signature=v1_good";

  @Test
  void aSignatureIsForBytesAndNotForWhatTheyAreReplacedBy() throws IOException {
    for (String path : List.of("a%FFb", "a%EF%BF%BDb")) {
      String reply = ask("GET", "/files/download?path=" + path + "&expires=7&signature=v1_good");
      assertTrue(reply.startsWith("HTTP/1.1 401 "), reply);
    }
    assertTrue(signed.isEmpty());
  }

  @Test
  void aSignatureIsEnoughForItsFile() throws IOException {
    assertTrue(ask("GET", "/files/download" + SIGNED).endsWith("\"file a b/c\""));
    assertEquals("GET a b/c 7", signed.poll());
    assertTrue(ask("POST", "/files/upload-v2" + SIGNED).endsWith("\"file a b/c\""));
    assertEquals("POST a b/c 7", signed.poll());
    String byHost = get("2280-" + ID + ".h", "/files/download" + SIGNED);
    assertTrue(byHost.endsWith("\"file a b/c\""), byHost);
  }

  @Test
  void aSignatureOpensNothingElse() throws IOException {
    List<String> refused =
        List.of(
            ask("GET", "/files/info" + SIGNED),
            ask("POST", "/files/upload" + SIGNED),
            ask("DELETE", "/files/download" + SIGNED),
            ask("HEAD", "/files/download" + SIGNED),
            ask("GET", "/files/download" + SIGNED + "&path=other"),
            ask("GET", "/files/download" + SIGNED + "&path[]=other"),
            ask("GET", "/files/download?path=a&expires=7&signature="),
            ask("GET", "/files/download?path=a&expires=7"),
            ask("GET", "/seen" + SIGNED));
    for (String reply : refused) {
      assertTrue(reply.startsWith("HTTP/1.1 401 "), reply);
    }
    assertTrue(signed.isEmpty());
    assertTrue(touched.isEmpty());
  }

  @Test
  void aWrongSignatureIsRefusedWithASentence() throws IOException {
    String reply = ask("GET", "/files/download?path=a&expires=7&signature=v1_bad");
    assertTrue(reply.startsWith("HTTP/1.1 401 "), reply);
    assertTrue(
        reply.contains("\"message\":\"authentication failed: The signature is wrong\""), reply);
    String credentials = ask("GET", "/files/download" + SIGNED, "Authorization: Bearer wrong");
    assertTrue(credentials.startsWith("HTTP/1.1 401 "), credentials);
  }
}
