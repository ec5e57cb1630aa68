package io.daytona.toolbox.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests through the agent to a program on a port. */
class ProxyTest {
  private ToolboxServer toolbox;
  private ServerSocket program;

  @BeforeEach
  void start() throws Exception {
    toolbox = ToolboxServer.start();
    program = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    program.setSoTimeout(20_000);
  }

  @AfterEach
  void stop() throws IOException {
    program.close();
    toolbox.close();
  }

  private String path(String rest) {
    return "/proxy/" + program.getLocalPort() + rest;
  }

  /** What one request was answered and what the program saw of it. */
  private record Exchange(HttpResponse<byte[]> reply, String seen) {}

  private static String head(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) socket.getInputStream().read());
    }
    return head.toString();
  }

  /** Answers the next request with fixed bytes, after reading so many of its body. */
  private CompletableFuture<String> answer(int bodyBytes, String... lines) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (Socket socket = program.accept()) {
            socket.setSoTimeout(20_000);
            String head = head(socket);
            String body = new String(socket.getInputStream().readNBytes(bodyBytes), ISO_8859_1);
            socket.getOutputStream().write(String.join("\r\n", lines).getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            return head + body;
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        },
        Thread::startVirtualThread);
  }

  private Exchange get(String path, String... lines) throws Exception {
    CompletableFuture<String> seen = answer(0, lines);
    HttpResponse<byte[]> reply = toolbox.get(path, "X-Own", "1", "X-Own", "2", "Cookie", "a=b");
    return new Exchange(reply, seen.get(20, TimeUnit.SECONDS));
  }

  @Test
  void passesPathQueryAndHeadersOn() throws Exception {
    Exchange exchange =
        get(
            path("/a%2Fb//c?x=%20&y"),
            "HTTP/1.1 201 Made",
            "Content-Type: text/plain",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "Connection: close, X-Hop",
            "X-Hop: 1",
            "X-Request-Id: forged",
            "Content-Length: 5",
            "",
            "hello");
    assertTrue(exchange.seen.startsWith("GET /a%2Fb//c?x=%20&y HTTP/1.1\r\n"), exchange.seen);
    assertTrue(exchange.seen.contains("Host: localhost:" + program.getLocalPort() + "\r\n"));
    assertTrue(exchange.seen.contains("X-Own: 1\r\nX-Own: 2\r\n"), exchange.seen);
    assertTrue(exchange.seen.contains("Connection: close\r\n"), exchange.seen);
    HttpResponse<byte[]> reply = exchange.reply;
    assertEquals(201, reply.statusCode());
    assertEquals("hello", new String(reply.body(), ISO_8859_1));
    assertEquals(List.of("a=1", "b=2"), reply.headers().allValues("Set-Cookie"));
    assertEquals("text/plain", reply.headers().firstValue("Content-Type").orElse(""));
    assertTrue(reply.headers().firstValue("X-Hop").isEmpty());
    assertFalse(reply.headers().allValues("X-Request-Id").contains("forged"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "?q=1"})
  void thePathMayBeAbsent(String rest) throws Exception {
    Exchange exchange = get(path(rest), "HTTP/1.1 204 No Content", "", "");
    String target = rest.startsWith("?") ? "/" + rest : "/";
    assertTrue(exchange.seen.startsWith("GET " + target + " HTTP/1.1\r\n"), exchange.seen);
    assertEquals(204, exchange.reply.statusCode());
  }

  @Test
  void chunksAreDecoded() throws Exception {
    Exchange exchange =
        get(
            path("/"),
            "HTTP/1.1 100 Continue",
            "",
            "HTTP/1.1 200 OK",
            "Transfer-Encoding: chunked",
            "",
            "3;x=y",
            "abc",
            "A",
            "0123456789",
            "0",
            "Trailer: t",
            "",
            "");
    assertEquals("abc0123456789", new String(exchange.reply.body(), ISO_8859_1));
  }

  @Test
  void anOldProgramEndsItsReplyWithTheConnection() throws Exception {
    Exchange exchange = get(path("/"), "HTTP/1.0 404 Nope", "", "until the end");
    assertEquals(404, exchange.reply.statusCode());
    assertEquals("until the end", new String(exchange.reply.body(), ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE", "PROPFIND"})
  void bodiesOfAnyMethodArePassedOn(String method) throws Exception {
    CompletableFuture<String> seen = answer(4, "HTTP/1.1 200 OK", "Content-Length: 0", "", "");
    HttpResponse<byte[]> reply =
        toolbox.send(toolbox.request(path("/x")).method(method, BodyPublishers.ofString("body")));
    assertEquals(200, reply.statusCode());
    String request = seen.get(20, TimeUnit.SECONDS);
    assertTrue(request.startsWith(method + " /x HTTP/1.1\r\n"), request);
    assertTrue(request.contains("Content-Length: 4\r\n"), request);
    assertTrue(request.endsWith("\r\n\r\nbody"), request);
  }

  @Test
  void bodiesOfUnknownLengthStayChunked() throws Exception {
    String sent = "5\r\nchunk\r\n0\r\n\r\n";
    CompletableFuture<String> seen =
        answer(sent.length(), "HTTP/1.1 200 OK", "Content-Length: 0", "", "");
    toolbox.send(
        toolbox
            .request(path("/x"))
            .POST(
                BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream("chunk".getBytes(ISO_8859_1)))));
    String request = seen.get(20, TimeUnit.SECONDS);
    assertTrue(request.contains("Transfer-Encoding: chunked\r\n"), request);
    assertTrue(request.endsWith("\r\n\r\n" + sent), request);
  }

  @Test
  void anEarlyAnswerDoesNotWaitForTheBody() throws Exception {
    CompletableFuture<String> seen =
        answer(0, "HTTP/1.1 413 Too Large", "Content-Length: 3", "", "big");
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), toolbox.uri("").getPort())) {
      client.setSoTimeout(20_000);
      String request =
          String.join(
              "\r\n",
              "POST " + toolbox.uri(path("/x")).getRawPath() + " HTTP/1.1",
              "Host: h",
              "Content-Length: 1000000",
              "",
              "only a part");
      client.getOutputStream().write(request.getBytes(ISO_8859_1));
      String head = head(client);
      assertTrue(head.startsWith("HTTP/1.1 413 "), head);
      assertArrayEquals("big".getBytes(ISO_8859_1), client.getInputStream().readNBytes(3));
    }
    assertTrue(seen.get(20, TimeUnit.SECONDS).startsWith("POST /x "));
  }

  @Test
  void repliesComeAsTheyAreWritten() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      var coming =
          http.sendAsync(toolbox.request(path("/sse")).build(), BodyHandlers.ofInputStream());
      try (Socket socket = program.accept()) {
        head(socket);
        String head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(ISO_8859_1));
        // The head comes before any event.
        HttpResponse<InputStream> reply = coming.get(20, TimeUnit.SECONDS);
        for (String event : List.of("one", "two")) {
          socket.getOutputStream().write(event.getBytes(ISO_8859_1));
          assertEquals(event, new String(reply.body().readNBytes(3), ISO_8859_1));
        }
        socket.shutdownOutput();
        assertEquals(-1, reply.body().read());
      }
    }
  }

  @Tag("slow")
  @Test
  void aClientThatLeavesEndsItsRequestHoweverSilentTheProgramIs() throws Exception {
    for (String sent : List.of("", "HTTP/1.1 200 OK\r\n\r\n")) {
      Socket client = client("GET", "/x");
      try (Socket socket = program.accept()) {
        socket.setSoTimeout(40_000);
        head(socket);
        socket.getOutputStream().write(sent.getBytes(ISO_8859_1));
        client.close();
        assertEquals(-1, socket.getInputStream().read());
      }
    }
  }

  @Test
  void aBodyThatIsNoneIsTheClientsFault() throws Exception {
    try (Socket client = client("POST", "/x", "Transfer-Encoding: chunked");
        Socket socket = program.accept()) {
      head(socket);
      client.getOutputStream().write("zz\r\nabc\r\n".getBytes(ISO_8859_1));
      String head = head(client);
      assertTrue(head.startsWith("HTTP/1.1 400 "), head);
    }
  }

  private Socket client(String method, String rest, String... headers) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), toolbox.uri("").getPort());
    client.setSoTimeout(40_000);
    String head =
        method
            + " "
            + toolbox.uri(path("")).getRawPath()
            + rest
            + " HTTP/1.1\r\nHost: proxy.example:4000\r\n"
            + String.join("", List.of(headers).stream().map(line -> line + "\r\n").toList())
            + "\r\n";
    client.getOutputStream().write(head.getBytes(ISO_8859_1));
    return client;
  }

  @Test
  void nothingSpeaksForTheWholeHost() throws Exception {
    Exchange exchange =
        get(
            path("/"),
            "HTTP/1.1 200 OK",
            "Clear-Site-Data: \"*\"",
            "Service-Worker-Allowed: /",
            "Strict-Transport-Security: max-age=9",
            "Alt-Svc: h3=\":443\"",
            "X-Accel-Redirect: /etc/passwd",
            "X-Sendfile: /etc/passwd",
            "X-Own: 1",
            "Content-Length: 0",
            "",
            "");
    var headers = exchange.reply.headers();
    for (String name :
        List.of(
            "Clear-Site-Data",
            "Service-Worker-Allowed",
            "Strict-Transport-Security",
            "Alt-Svc",
            "X-Accel-Redirect",
            "X-Sendfile")) {
      assertTrue(headers.firstValue(name).isEmpty(), name);
    }
    assertEquals("1", headers.firstValue("X-Own").orElse(""));
  }

  /** What a client of {@code proxy.example:4000} is sent to, {@code ~} being the program. */
  @ParameterizedTest
  @CsvSource({
    "/login?a=b#c, ~/login?a=b#c",
    "next, ~/dir/next",
    "?page=2, ~/dir/page?page=2",
    "'', ~/dir/page",
    "../up/./x, ~/up/x",
    "/a/b/.., ~/a/",
    "/, ~/",
    "/../../toolbox/other/process/execute, ~/toolbox/other/process/execute",
    "/%2e%2E/.%2e/other, ~/other",
    "../../../../other/process/execute, ~/other/process/execute",
    "\\..\\..\\x, ~/dir/%5C..%5C..%5Cx",
    "/toolbox/box/process/execute, ~/toolbox/box/process/execute",
    "~/kept, ~/kept",
    "~/../9/x, ~/toolbox/box/proxy/9/x",
    "http://localhost:@/x, ~/x",
    "http://127.0.0.1:@, ~/",
    "http://proxy.example:4000/toolbox/other/x, ~/toolbox/other/x",
    "HTTP://user@PROXY.Example.:04000/x, ~/x",
    "//proxy.example:4000/x, ~/x",
    "http://proxy%2eexample:4000/x, ~/x",
    "http://2130706433:4000/x, ~/x",
    "http:/toolbox/other, ~/toolbox/other",
    "http:toolbox/other, ~/toolbox/other",
    "ht%20tp://x/../../../../../other, ~/other",
    "///toolbox/other, ~/toolbox/other",
    "/..//evil.example/x, ~/evil.example/x",
    "http://proxy.example:4001/x, http://proxy.example:4001/x",
    "https://elsewhere.example/../x?q, https://elsewhere.example/../x?q",
    "mailto:a@b.example, mailto:a@b.example",
  })
  void redirectsLeadNowhereElseOnTheHost(String location, String expected) throws Exception {
    String prefix = toolbox.uri(path("")).getRawPath();
    String sent = location.replace("~", prefix).replace(":@", ":" + program.getLocalPort());
    var seen = answer(0, "HTTP/1.1 307 x", "Location: " + sent, "Content-Length: 0", "", "");
    try (Socket client = client("GET", "/dir/page?q=1")) {
      String head = head(client);
      assertTrue(seen.get(20, TimeUnit.SECONDS).startsWith("GET /dir/page?q=1 "));
      String line = "\r\nLocation: " + expected.replace("~", prefix) + "\r\n";
      assertTrue(head.contains(line), line + " is not in " + head);
    }
  }

  @Test
  void aReplyThatBreaksOffIsSeenAsBroken() {
    var _ = answer(0, "HTTP/1.1 200 OK", "Content-Length: 10", "", "half");
    assertThrows(IOException.class, () -> toolbox.get(path("/")));
  }

  @Test
  void headHasNoBody() throws Exception {
    CompletableFuture<String> seen = answer(0, "HTTP/1.1 200 OK", "Content-Length: 10", "", "");
    HttpResponse<byte[]> reply = toolbox.send(toolbox.request(path("/x")).HEAD());
    assertEquals("10", reply.headers().firstValue("Content-Length").orElse(""));
    assertTrue(seen.get(20, TimeUnit.SECONDS).startsWith("HEAD /x "));
  }

  @Test
  void largeRepliesAreComplete() throws Exception {
    int bytes = 8 << 20;
    Exchange exchange =
        get(path("/"), "HTTP/1.1 200 OK", "Content-Length: " + bytes, "", "x".repeat(bytes));
    assertEquals(bytes, exchange.reply.body().length);
  }

  @Test
  void nobodyListeningIsABadGateway() throws Exception {
    String path = path("/");
    program.close();
    HttpResponse<byte[]> reply = toolbox.get(path);
    assertEquals(502, reply.statusCode());
    String body = new String(reply.body(), ISO_8859_1);
    assertTrue(body.contains("Nothing listens on port " + program.getLocalPort()), body);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-x\r\n",
        "",
        "HTTP/1.1 200 OK\r\nbad header: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/1.1 999 Odd\r\n\r\n",
      })
  void whatIsNoHttpIsABadGateway(String sent) throws Exception {
    Exchange exchange = get(path("/"), sent);
    assertEquals(502, exchange.reply.statusCode());
    String body = new String(exchange.reply.body(), ISO_8859_1);
    assertTrue(body.contains("gave no HTTP reply"), body);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "65536", "abc", "-1"})
  void portsAreChecked(String port) throws Exception {
    assertEquals(400, toolbox.get("/proxy/" + port + "/").statusCode());
  }
}
