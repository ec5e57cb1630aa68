package io.daytona.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class CorsTest {
  private static String exchange(CorsPolicy policy, String method, String headers)
      throws IOException {
    try (HttpServer server =
            HttpServer.builder(HttpConfig.defaults())
                .cors(policy)
                .mount("/api", new TestTable().endpoints(), TestTable.BEARER, TestTable.ERRORS)
                .start();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(10_000);
      String request =
          head(method + " /api/thing/fixed HTTP/1.1", "Host: h", "Connection: close")
              + headers
              + "\r\n";
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private static String head(String... lines) {
    return String.join("\r\n", lines) + "\r\n";
  }

  @Test
  void theApiReflectsOriginsWithoutCredentials() throws IOException {
    String reply = exchange(CorsPolicy.API, "GET", head("Origin: http://o"));
    assertTrue(reply.contains("Access-Control-Allow-Origin: http://o"), reply);
    assertTrue(reply.contains("Vary: Origin"), reply);
    assertFalse(reply.contains("Allow-Credentials"), reply);
  }

  @Test
  void theApiAnswersPreflightsWithoutAuthentication() throws IOException {
    String reply =
        exchange(
            CorsPolicy.API,
            "OPTIONS",
            head(
                "Origin: http://o",
                "Access-Control-Request-Method: PUT",
                "Access-Control-Request-Headers: authorization, x-y"));
    assertTrue(reply.startsWith("HTTP/1.1 204 "), reply);
    assertTrue(
        reply.contains("Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS"));
    assertTrue(reply.contains("Access-Control-Allow-Headers: authorization, x-y"), reply);
    assertTrue(reply.contains("X-Request-Id: "), reply);
  }

  @Test
  void theProxyAllowsCredentials() throws IOException {
    String reply = exchange(CorsPolicy.PROXY, "GET", head("Origin: http://o"));
    assertTrue(reply.contains("Access-Control-Allow-Credentials: true"), reply);
  }

  @Test
  void theProxyCanBeToldToLeaveItOff() throws IOException {
    String reply =
        exchange(CorsPolicy.PROXY, "GET", head("Origin: http://o", "X-Daytona-Disable-CORS: true"));
    assertFalse(reply.contains("Access-Control"), reply);
    assertTrue(reply.startsWith("HTTP/1.1 200 "), reply);
  }

  @Test
  void requestsWithoutAnOriginGetNothing() throws IOException {
    assertFalse(exchange(CorsPolicy.API, "GET", "").contains("Access-Control"));
  }
}
