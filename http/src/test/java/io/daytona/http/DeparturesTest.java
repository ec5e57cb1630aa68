package io.daytona.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
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
import org.junit.jupiter.api.Test;

/** Clients that leave while their requests are silent, and those that only come. */
class DeparturesTest {
  private final CountDownLatch never = new CountDownLatch(1);
  private final BlockingQueue<String> waiting = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> left = new LinkedBlockingQueue<>();
  private HttpServer server = start(HttpConfig.defaults());

  private HttpServer start(HttpConfig config) {
    return HttpServer.builder(config)
        .lookForDepartures(Duration.ofMillis(100))
        .mount(
            "",
            List.of(reply("/reply/{name}", false), reply("/endless/{name}", true), handler()),
            TestTable.BEARER,
            TestTable.ERRORS)
        .start();
  }

  @AfterEach
  void stop() {
    never.countDown();
    server.close();
  }

  /** Waits in the middle of its reply. */
  private Endpoint<Void, RawReply> reply(String path, boolean endless) {
    return Endpoint.get(
        path,
        endless ? "endless" : "reply",
        "Is silent.",
        Access.PUBLIC,
        RawReply.class,
        call ->
            new RawReply(200, "text/plain", -1, Map.of(), new Silent(call.path("name"), endless)));
  }

  private final class Silent implements RawReply.Writer {
    private final String name;
    private final boolean endless;

    Silent(String name, boolean endless) {
      this.name = name;
      this.endless = endless;
    }

    @Override
    public void write(OutputStream out) throws IOException, InterruptedException {
      out.flush();
      waiting.add(name);
      try {
        never.await();
      } catch (InterruptedException e) {
        left.add(name);
        throw e;
      }
    }

    @Override
    public boolean isEndless() {
      return endless;
    }
  }

  /** Waits before its reply. */
  private Endpoint<Void, String> handler() {
    return Endpoint.get(
        "/handler/{name}",
        "handler",
        "Is silent.",
        Access.PUBLIC,
        String.class,
        call -> {
          CountDownLatch gone = new CountDownLatch(1);
          try (Call.Watch _ = call.whenClientLeaves(gone::countDown)) {
            waiting.add(call.path("name"));
            gone.await();
            left.add(call.path("name"));
            return "gone";
          }
        });
  }

  private Socket ask(String path) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    String head = "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(ISO_8859_1));
    return socket;
  }

  private String waits() throws InterruptedException {
    String name = waiting.poll(10, TimeUnit.SECONDS);
    assertNotNull(name, "the request did not begin");
    return name;
  }

  @Test
  void silentRepliesAndHandlersHearThatTheirClientHasLeft() throws Exception {
    try (Socket stays = ask("/reply/stays")) {
      assertEquals("stays", waits());
      for (String path : List.of("/reply/closed", "/handler/closed")) {
        Socket leaves = ask(path);
        assertEquals("closed", waits());
        leaves.close();
        assertEquals("closed", left.poll(20, TimeUnit.SECONDS), path);
      }
      Socket resets = ask("/reply/reset");
      assertEquals("reset", waits());
      resets.setSoLinger(true, 0);
      resets.close();
      assertEquals("reset", left.poll(20, TimeUnit.SECONDS));
      assertTrue(left.isEmpty(), "who stays is not gone");
      assertEquals('H', stays.getInputStream().read());
    }
  }

  @Test
  void aStoppingServerEndsWhatHasNoEndAndWaitsForTheRest() throws Exception {
    List<Socket> followers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      followers.add(ask("/endless/follower"));
      waits();
    }
    Socket finite = ask("/reply/finite");
    assertEquals("finite", waits());
    Thread stopping = Thread.ofVirtual().start(server::close);
    for (Socket follower : followers) {
      assertEquals("follower", left.poll(5, TimeUnit.SECONDS), "a follower is waited for");
      String rest = new String(follower.getInputStream().readAllBytes(), ISO_8859_1);
      assertFalse(rest.endsWith("\r\n0\r\n\r\n"), "what goes on looks complete");
      follower.close();
    }
    assertTrue(stopping.isAlive(), "stopped under a running request");
    never.countDown();
    String whole = new String(finite.getInputStream().readAllBytes(), ISO_8859_1);
    assertTrue(whole.endsWith("\r\n0\r\n\r\n"), whole);
    assertTrue(stopping.join(Duration.ofSeconds(8)), "waits for nobody");
    finite.close();
  }

  /** The end of a connection is seen a moment later. */
  private void untilServed() throws IOException {
    String reply = "";
    while (!reply.startsWith("HTTP/1.1 404 ")) {
      try (Socket socket = ask("/nowhere")) {
        reply = new String(socket.getInputStream().readNBytes(13), ISO_8859_1);
      }
    }
  }

  @Test
  void connectionsAreBounded() throws Exception {
    server.close();
    server = start(new HttpConfig(16, 2, 2, 1 << 20, 64 << 10, 9000, 300, 1));
    Socket first = new Socket(InetAddress.getLoopbackAddress(), server.port());
    try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), server.port());
        Socket third = ask("/nowhere")) {
      String refused = new String(third.getInputStream().readAllBytes(), ISO_8859_1);
      assertTrue(refused.startsWith("HTTP/1.1 503 "), refused);
      assertTrue(refused.contains("\r\nRetry-After: "), refused);
      first.close();
      assertTimeoutPreemptively(Duration.ofSeconds(10), this::untilServed);
    }
  }
}
