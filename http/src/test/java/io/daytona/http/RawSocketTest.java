package io.daytona.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What java.net.http cannot send. */
class RawSocketTest {
  private final TestTable table = new TestTable();
  private final HttpServer server =
      HttpServer.builder(HttpConfig.defaults())
          .mount("/api", table.endpoints(), TestTable.BEARER, TestTable.ERRORS)
          .start();

  @AfterEach
  void stop() {
    server.close();
  }

  private String exchange(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private static String head(String... lines) {
    return String.join("\r\n", lines) + "\r\n";
  }

  private String get(String target, String headers) throws IOException {
    return exchange(
        "GET "
            + target
            + " HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nConnection: close\r\n"
            + headers
            + "\r\n");
  }

  @Test
  void rawBracesAndQuotesInAQueryAreData() throws IOException {
    String reply = get("/api/thing/x?labels={\"e2e\":\"true\"}", "");
    assertTrue(reply.startsWith("HTTP/1.1 200 "), reply);
    assertTrue(reply.contains("\"labels\":[\"{\\\"e2e\\\":\\\"true\\\"}\"]"), reply);
  }

  @Test
  void dotSegmentsAreNotResolvedIntoOtherRoutes() throws IOException {
    for (String target :
        new String[] {
          "/api/x/../thing/fixed", "/api/%2e%2e/api/thing/fixed", "//api/thing/fixed"
        }) {
      String reply = get(target, "");
      assertTrue(reply.startsWith("HTTP/1.1 404 "), target + " " + reply);
      assertTrue(reply.contains("X-Request-Id: "), reply);
    }
  }

  @Test
  void badEscapesInAQueryStandForThemselves() throws IOException {
    String reply = get("/api/thing/x?e=%zz&f=100%", "");
    assertTrue(reply.contains("\"e\":[\"%zz\"],\"f\":[\"100%\"]"), reply);
  }

  @Test
  void badEscapesInAPathAreRefusedOrKept() throws IOException {
    String reply = get("/api/thing/%zz", "");
    assertFalse(reply.startsWith("HTTP/1.1 500 "), reply);
    assertTrue(reply.contains("X-Daytona-Api-Version: "), reply);
  }

  @Test
  void largeHeadsAreAcceptedUpToTheLimitAndRefusedInShape() throws IOException {
    String wide = get("/api/thing/x", "X-Wide: " + "w".repeat(60_000) + "\r\n");
    assertTrue(wide.startsWith("HTTP/1.1 200 "), wide);
    String tooWide = get("/api/thing/x", "X-Wide: " + "w".repeat(70_000) + "\r\n");
    assertTrue(tooWide.startsWith("HTTP/1.1 431 "), tooWide);
    assertTrue(tooWide.contains("\"message\":\"The head of the request is too large.\""), tooWide);
    assertTrue(tooWide.contains("X-Request-Id: "), tooWide);
    assertTrue(tooWide.contains("Server-Timing: total;dur="), tooWide);
  }

  @Test
  void garbageIsRefusedInShape() throws IOException {
    String reply = exchange(head("GARBAGE", ""));
    assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
    assertTrue(reply.contains("The request is not valid HTTP."), reply);
  }

  @Test
  void targetsThatAreNoPathsAreRefusedInShape() throws IOException {
    for (String line : new String[] {"PRI * HTTP/1.1", "GET * HTTP/1.1", "TRACE * HTTP/1.1"}) {
      String reply = exchange(head(line, "Host: h", "Connection: close", ""));
      assertTrue(reply.startsWith("HTTP/1.1 400 "), line + " " + reply);
      assertTrue(reply.contains("\"message\":\"The "), line + " " + reply);
      assertTrue(reply.contains("Server-Timing: total;dur="), line + " " + reply);
    }
  }

  @Test
  void headsOfEveryMethodAreRefusedInShape() throws IOException {
    for (String method : new String[] {"PUT", "DELETE", "PATCH", "PROPFIND"}) {
      String wide = "X-Wide: " + "w".repeat(70_000);
      String reply = exchange(head(method + " /api/thing/x HTTP/1.1", "Host: h", wide, ""));
      assertTrue(reply.startsWith("HTTP/1.1 431 "), method + " " + reply);
      assertTrue(reply.contains("The head of the request is too large."), method + " " + reply);
    }
  }

  @Test
  void versionsAndExpectationsThatAreNotUnderstoodAreNamed() throws IOException {
    String version = exchange(head("GET /api/thing/fixed HTTP/1.2", "Host: h", ""));
    assertTrue(version.startsWith("HTTP/1.1 505 "), version);
    assertTrue(version.contains("The version of HTTP that is understood is 1.1."), version);
    String expectation = get("/api/thing/fixed", "Expect: much\r\n");
    assertTrue(expectation.startsWith("HTTP/1.1 417 "), expectation);
    assertTrue(expectation.contains("The only expectation that is understood"), expectation);
  }

  @Test
  void codingsBesidesTheChunksAreRefused() throws IOException {
    String reply =
        exchange(
            head(
                "POST /api/thing HTTP/1.1",
                "Host: h",
                "Authorization: k",
                "Connection: close",
                "Transfer-Encoding: gzip, chunked",
                "",
                "2",
                "{}",
                "0",
                "",
                ""));
    assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
    assertTrue(reply.contains("The only transfer coding that is understood is chunked."), reply);
  }

  @Test
  void lengthAndChunkedTogetherAreRefused() throws IOException {
    String reply =
        exchange(
            head(
                "POST /api/thing HTTP/1.1",
                "Host: h",
                "Content-Length: 2",
                "Transfer-Encoding: chunked",
                "",
                "2",
                "{}",
                "0",
                ""));
    assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
  }

  @Test
  void servesHttp10() throws IOException {
    String reply = exchange(head("GET /api/thing/fixed HTTP/1.0", ""));
    assertTrue(reply.startsWith("HTTP/1.1 200 "), reply);
    assertTrue(reply.endsWith("\"fixed\""), reply);
  }

  @Test
  void bodiesOfUnknownLengthHaveAnEndOnConnectionsThatClose() throws IOException {
    String whole = get("/api/stream/-1", "");
    assertTrue(whole.contains("Transfer-Encoding: chunked\r\n"), whole);
    assertTrue(whole.endsWith("\r\n0\r\n\r\n"), whole);
    String broken = get("/api/broken", "");
    assertTrue(broken.contains("Transfer-Encoding: chunked\r\n"), broken);
    assertTrue(broken.endsWith("\r\n5\r\nfirst"), broken);
    String old = exchange(head("GET /api/broken HTTP/1.0", ""));
    assertTrue(old.endsWith("\r\n\r\nfirst"), old);
  }

  @Test
  void tooLargeABodyIsRefusedBeforeItIsSent() throws IOException {
    String reply =
        exchange(
            head(
                "POST /api/thing HTTP/1.1",
                "Host: h",
                "Content-Length: 999999999",
                "Expect: 100-continue",
                ""));
    assertTrue(reply.startsWith("HTTP/1.1 413 "), reply);
  }

  @Test
  void unreadBodiesDoNotBecomeRequests() throws IOException {
    String smuggled = head("GET /api/bug HTTP/1.1", "Host: h", "");
    String reply =
        exchange(
            head(
                    "GET /api/thing/fixed HTTP/1.1",
                    "Host: h",
                    "Connection: close",
                    "Content-Length: " + smuggled.length(),
                    "")
                + smuggled);
    assertEquals(reply.indexOf("HTTP/1.1 "), reply.lastIndexOf("HTTP/1.1 "), reply);
  }
}
