package io.daytona.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class GatewaySocketsTest extends GatewayFixture {
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
}
