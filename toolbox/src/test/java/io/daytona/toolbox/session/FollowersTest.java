package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many followers of logs that say nothing. */
@Timeout(120)
@Tag("slow")
class FollowersTest {
  private static final byte[] FIRST = "first\n".getBytes(StandardCharsets.UTF_8);

  private static InputStream follow(ToolboxServer server, String path) throws IOException {
    HttpURLConnection http =
        (HttpURLConnection) server.uri(path + "/logs?follow=true").toURL().openConnection();
    http.setRequestProperty("X-Daytona-SDK-Version", "0.26.0");
    http.setReadTimeout(20_000);
    InputStream log = http.getInputStream();
    assertArrayEquals(FIRST, log.readNBytes(FIRST.length));
    return log;
  }

  @Test
  void aStoppingServerWaitsForNone() throws Exception {
    try (RealAgent agent = RealAgent.start()) {
      ToolboxServer server = ToolboxServer.start(agent);
      SessionClient session = SessionClient.create(server, UUID.randomUUID().toString());
      String path = session.path(session.start("echo first; read x; echo second", true));
      List<InputStream> plain = new ArrayList<>();
      List<ToolboxSocket> sockets = new ArrayList<>();
      for (int i = 0; i < 25; i++) {
        plain.add(follow(server, path));
        ToolboxSocket socket = server.socket(path + "/logs?follow=true");
        assertInstanceOf(Event.Binary.class, socket.next());
        sockets.add(socket);
      }
      long start = System.nanoTime();
      server.closePlatform();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      assertTrue(took.toMillis() < 3_000, took::toString);
      for (InputStream log : plain) {
        assertThrows(IOException.class, log::readAllBytes, "the log goes on");
      }
      for (ToolboxSocket socket : sockets) {
        assertEquals(1001, assertInstanceOf(Event.Closed.class, socket.next()).code());
      }
    }
  }
}
