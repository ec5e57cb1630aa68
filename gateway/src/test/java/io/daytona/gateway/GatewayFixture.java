package io.daytona.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

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
import org.junit.jupiter.api.AfterEach;

/** A gateway with a toolbox of a few rows, and plain requests to it. */
abstract class GatewayFixture {
  static final String ID = "0b6f2b1e-7b7a-4b7e-9a56-5d6f5b8f0001";

  static final int MAX_OPEN = 6;

  /** More than the other tests have. */
  static final int MAX_FAILURES = 30;

  final BlockingQueue<String> touched = new LinkedBlockingQueue<>();
  final BlockingQueue<String> signed = new LinkedBlockingQueue<>();
  final CountDownLatch release = new CountDownLatch(1);
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
  final HttpServer server = gateway.attach(HttpServer.builder(HttpConfig.defaults())).start();

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

  String ask(String method, String target, String... headers) throws IOException {
    try (Socket socket = send(method, "h", "/toolbox/" + ID + target, headers)) {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  Socket send(String host, String target, String... headers) throws IOException {
    return send("GET", host, target, headers);
  }

  Socket send(String method, String host, String target, String[] headers) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    String lines = String.join("", List.of(headers).stream().map(h -> h + "\r\n").toList());
    String head =
        method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
    socket.getOutputStream().write((head + lines + "\r\n").getBytes(ISO_8859_1));
    return socket;
  }

  String get(String host, String target, String... headers) throws IOException {
    try (Socket socket = send(host, target, headers)) {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private static final List<String> HANDSHAKE =
      List.of(
          "Connection: keep-alive, Upgrade",
          "Upgrade: WebSocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
          "Origin: http://elsewhere");

  /** Asks for a WebSocket and reads the head of the reply and the first message. */
  String upgrade(String host, String target, String... headers) throws IOException {
    try (Socket socket = open(host, target, headers)) {
      return head(socket) + message(socket);
    }
  }

  Socket open(String host, String target, String... headers) throws IOException {
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

  static String head(Socket socket) throws IOException {
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

  static String message(Socket socket) throws IOException {
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
}
