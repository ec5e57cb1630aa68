package io.daytona.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class WebSocketTest {
  private final SocketTable table = new SocketTable();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final HttpServer server =
      HttpServer.builder(new HttpConfig(16, 2, 100, 1 << 20, 64 << 10, 9000, 1, 5))
          .mount("/box/{box}", table.table(), TestTable.BEARER, TestTable.ERRORS)
          .start();

  @AfterEach
  void stop() {
    table.receive.countDown();
    server.close();
    client.close();
  }

  private URI uri(String path) {
    return URI.create("ws://127.0.0.1:" + server.port() + "/box/b1" + path);
  }

  private SocketClient open(String path) {
    return SocketClient.open(client, uri(path), "Authorization", "k");
  }

  private String get(String path) throws Exception {
    URI uri = URI.create(uri(path).toString().replace("ws:", "http:"));
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }

  /** Status of the reply to an upgrade, 101 when it was granted. */
  private int upgrade(String path, String... headers) {
    try {
      SocketClient.open(client, uri(path), headers);
      return 101;
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return refused.getResponse().statusCode();
      }
      throw e;
    }
  }

  private String event() throws InterruptedException {
    return String.valueOf(table.events.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void textAndBinaryGoBothWays() throws Exception {
    SocketClient socket = open("/echo/a%2Fb?q=1");
    assertEquals("a/b k 1 ", socket.next());
    assertEquals("HELLO Ü", socket.send("hello ü"));
    socket.socket().sendBinary(ByteBuffer.allocate(100_000), true).join();
    assertEquals("bytes:100000", socket.next());
    socket.socket().sendClose(1000, "bye").join();
    assertEquals("1000 bye", socket.end());
    assertEquals("closed", event());
    assertEquals("open false", event());
  }

  @Test
  void fixedSegmentsWinAndPlainRequestsGoToTheirOwnRow() throws Exception {
    assertEquals("fixed", open("/echo/fixed").next());
    assertEquals("\"plain x\"", get("/echo/x"));
    assertTrue(get("/only").contains("ask for the upgrade"), get("/only"));
  }

  @Test
  void aRowWithoutASocketAnswersAnUpgradeAsAPlainRequest() {
    assertEquals(200, upgrade("/plain"));
  }

  @Test
  void refusalsBeforeTheUpgradeAreHttp() {
    assertEquals(401, upgrade("/echo/x"));
    assertEquals(404, upgrade("/nothing", "Authorization", "k"));
    assertEquals(409, upgrade("/refused"));
  }

  @Test
  void handlersCloseWithCodeAndReason() throws Exception {
    SocketClient socket = open("/only");
    assertEquals("4008 " + "€".repeat(41), socket.end());
  }

  @Test
  void theEndOfAHandlerIsAnOrderlyClose() throws Exception {
    assertEquals("1000", open("/echo/fixed").end());
  }

  @Test
  void aFailedHandlerClosesWith1011AndTellsNothing() throws Exception {
    assertEquals("1011 An unexpected error occurred.", open("/fails").end());
  }

  @ParameterizedTest
  @CsvSource({"b,b", "'',''"})
  void onlyTheChosenSubprotocolIsAnswered(String choose, String answered) throws Exception {
    SocketClient socket =
        SocketClient.open(
            client,
            uri("/echo/x" + (choose.isEmpty() ? "" : "?choose=" + choose)),
            new String[] {"a", "b", "X-Daytona-SDK-Version~0.205.1"},
            "Authorization",
            "k");
    assertEquals("x k - a|b|X-Daytona-SDK-Version~0.205.1", socket.next());
    assertEquals(answered, socket.socket().getSubprotocol());
  }

  @Test
  void aMessageMayHaveSixteenMebibytes() throws Exception {
    SocketClient socket = open("/echo/x");
    socket.next();
    socket.socket().sendBinary(ByteBuffer.allocate(16 << 20), true).join();
    assertEquals("bytes:" + (16 << 20), socket.next());
    socket.socket().sendText("x".repeat(16 << 20), true).join();
    assertEquals(16 << 20, socket.next().length());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLargerMessageIsRefused(boolean text) throws Exception {
    SocketClient socket = open("/echo/x");
    socket.next();
    // The server may close before all of it is sent.
    if (text) {
      var _ = socket.socket().sendText("é".repeat((8 << 20) + 1), true);
    } else {
      var _ = socket.socket().sendBinary(ByteBuffer.allocate((16 << 20) + 1), true);
    }
    assertTrue(socket.end().startsWith("1009 a message must not be larger than 16777216 bytes"));
  }

  @Test
  void unreceivedMessagesHoldThePeerBack() throws Exception {
    SocketClient socket = open("/lazy");
    ByteBuffer megabyte = ByteBuffer.allocate(1 << 20);
    int sent = 0;
    CompletableFuture<?> sending = CompletableFuture.completedFuture(megabyte);
    while (finishes(sending) && sent < 64) {
      sending = socket.socket().sendBinary(megabyte.duplicate(), true);
      sent++;
    }
    assertTrue(sent < 32, "took " + sent + " MiB that nobody received");
    table.receive.countDown();
    sending.join();
    socket.socket().sendText("end", true).join();
    assertEquals("received " + ((long) sent << 20), socket.next());
  }

  private static boolean finishes(CompletableFuture<?> sending) throws Exception {
    try {
      sending.get(1, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException held) {
      return false;
    }
  }

  @Test
  void socketsAreCountedByThemselves() throws Exception {
    SocketClient first = open("/held");
    open("/held");
    assertEquals(503, upgrade("/held"));
    assertEquals("\"plain x\"", get("/echo/x"));
    first.socket().sendClose(1000, "").join();
    first.end();
    assertEquals("runs", event());
    assertEquals("runs", event());
    assertEquals("ended", event());
    // The place is free a moment after the handler's last word.
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    int status = 503;
    while (status == 503 && System.nanoTime() < until) {
      status = upgrade("/held");
    }
    assertEquals(101, status);
  }

  @Test
  void aStoppingServerClosesWith1001() throws Exception {
    SocketClient socket = open("/held");
    assertEquals("runs", event());
    server.close();
    assertEquals("1001 The server is stopping.", socket.end());
    assertEquals("ended", event());
  }

  @Test
  void silenceIsAllowedForMoreThanAnHour() {
    Duration socket = server.socketIdleTimeout();
    assertTrue(socket.isZero() || socket.compareTo(Duration.ofHours(1)) > 0, socket.toString());
    assertTrue(server.requestIdleTimeout().compareTo(Duration.ofHours(1)) > 0);
  }

  @Test
  void silentSocketsOutliveTheTimeOfIdleConnections() throws Exception {
    SocketClient socket = open("/echo/x");
    socket.next();
    assertThrows(TimeoutException.class, () -> socket.closed.get(2500, TimeUnit.MILLISECONDS));
    assertEquals("STILL", socket.send("still"));
  }

  @Test
  void pingsAreAnsweredWhileAHandlerIsBusy() throws Exception {
    SocketClient socket = open("/held");
    socket.socket().sendPing(ByteBuffer.wrap("p".getBytes(UTF_8))).join();
    assertEquals("pong", socket.next());
  }
}
