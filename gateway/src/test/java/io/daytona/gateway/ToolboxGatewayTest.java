package io.daytona.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class ToolboxGatewayTest extends GatewayFixture {
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
}
