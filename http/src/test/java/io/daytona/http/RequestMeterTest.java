package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every request is measured once, whatever becomes of it. */
class RequestMeterTest {
  private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();
  private final TestTable table = new TestTable();
  private final HttpClient client = HttpClient.newHttpClient();
  private final HttpServer server =
      HttpServer.builder(HttpConfig.defaults())
          .meter((operation, status, code, nanos) -> {
            assertTrue(nanos > 0 && nanos < TimeUnit.MINUTES.toNanos(1));
            ended.add(operation + " " + status + " " + code);
          })
          .mount("/api", table.endpoints(), TestTable.BEARER, TestTable.ERRORS)
          .start();

  @AfterEach
  void stop() {
    table.release.countDown();
    server.close();
    client.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private String measured(HttpRequest.Builder request) throws Exception {
    client.send(request.build(), BodyHandlers.discarding());
    return next();
  }

  private String next() throws InterruptedException {
    return String.valueOf(ended.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void tellsRowStatusAndCode() throws Exception {
    assertEquals("getFixed 200 null", measured(request("/api/thing/fixed")));
    assertEquals("getThing 401 UNAUTHORIZED", measured(request("/api/thing/x")));
    assertEquals("null 404 NOT_FOUND", measured(request("/api/nothing")));
    assertEquals("null 404 NOT_FOUND", measured(request("/elsewhere")));
    assertEquals(
        "postThing 400 MALFORMED_JSON",
        measured(request("/api/thing").POST(BodyPublishers.ofString("{"))));
    assertEquals("bug 500 INTERNAL_SERVER_ERROR", measured(request("/api/bug")));
    assertEquals(0, ended.size());
  }

  @Test
  void hearsOfWhatIsNoHttp() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      OutputStream out = socket.getOutputStream();
      out.write("GET /api/thing/fixed HTTP/9.9\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      out.flush();
      assertEquals("null 505 BAD_REQUEST", next());
    }
  }

  @Test
  void knowsWhatRuns() throws Exception {
    var held = client.sendAsync(request("/api/hold").build(), BodyHandlers.discarding());
    table.held.await();
    assertEquals(1, server.runningRequests());
    table.release.countDown();
    held.join();
    assertEquals("hold 200 null", next());
  }
}
