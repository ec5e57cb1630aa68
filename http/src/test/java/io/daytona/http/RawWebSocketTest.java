package io.daytona.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets as java.net.http does not speak them. */
class RawWebSocketTest {
  private static final String KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  private static final int PING = 0x89;
  private static final int PONG = 0x8a;
  private static final int TEXT = 0x81;
  private static final int CLOSE = 0x88;

  private final SocketTable table = new SocketTable();
  private final HttpServer server =
      HttpServer.builder(HttpConfig.defaults())
          .messageTime(Duration.ofSeconds(1))
          .mount("/box/{box}", table.table(), TestTable.BEARER, TestTable.ERRORS)
          .start();

  @AfterEach
  void stop() {
    table.receive.countDown();
    server.close();
  }

  private Socket send(String path, String... headers) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    String head =
        "GET /box/b"
            + path
            + " HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n"
            + String.join("\r\n", headers)
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(ISO_8859_1));
    return socket;
  }

  private Socket open(String path) throws IOException {
    Socket socket =
        send(path, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", KEY);
    String head = head(socket.getInputStream());
    assertTrue(head.startsWith("HTTP/1.1 101 "), head);
    return socket;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-WebSocket-Protocol: a b;\"",
        "Connection: \"a",
        "Content-Length: 2",
        "Transfer-Encoding: chunked",
      })
  void aMalformedHandshakeIsABadRequest(String header) throws IOException {
    try (Socket socket =
        send(
            "/echo/x",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            KEY,
            header)) {
      socket.getOutputStream().write("0\r\n\r\n".getBytes(ISO_8859_1));
      String head = head(socket.getInputStream());
      assertTrue(head.startsWith("HTTP/1.1 400 "), head);
      assertFalse(head.contains("Upgrade"), head);
    }
  }

  @Test
  void aMessageThatIsNeverFinishedClosesItsSocket() throws IOException {
    try (Socket socket = open("/echo/x")) {
      socket.getOutputStream().write(frame(TEXT, "whole".getBytes(UTF_8)));
      socket.getOutputStream().write(frame(TEXT & 0x7f, "part".getBytes(UTF_8)));
      String next = frame(socket.getInputStream());
      while (!next.startsWith("88 ")) {
        next = frame(socket.getInputStream());
      }
      assertTrue(next.startsWith("88 \u0003\u00f0a message must be complete within 1 s"), next);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    for (int next = in.read(); next >= 0; next = in.read()) {
      head.append((char) next);
      if (head.indexOf("\r\n\r\n") >= 0) {
        break;
      }
    }
    return head.toString();
  }

  /** A frame of less than 126 bytes, masked with zeros. */
  private static byte[] frame(int first, byte[] payload) {
    byte[] frame = new byte[6 + payload.length];
    frame[0] = (byte) first;
    frame[1] = (byte) (0x80 | payload.length);
    System.arraycopy(payload, 0, frame, 6, payload.length);
    return frame;
  }

  /** Kind and payload of the next frame of less than 126 bytes. */
  private static String frame(InputStream in) throws IOException {
    byte[] head = in.readNBytes(2);
    return Integer.toHexString(head[0] & 0xff)
        + " "
        + new String(in.readNBytes(head[1]), ISO_8859_1);
  }

  private String event() throws InterruptedException {
    return String.valueOf(table.events.poll(20, TimeUnit.SECONDS));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"WebSocket | keep-alive, Upgrade", "WEBSOCKET | upgrade"})
  void theHandshakeIsComparedWithoutCase(String upgrade, String connection) throws IOException {
    try (Socket socket =
        send(
            "/echo/x",
            "Upgrade: " + upgrade,
            "Connection: " + connection,
            "Origin: https://evil.example",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: permessage-deflate",
            KEY)) {
      String head = head(socket.getInputStream());
      assertTrue(head.startsWith("HTTP/1.1 101 "), head);
      assertTrue(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), head);
      assertTrue(head.contains("X-Request-Id: "), head);
      assertFalse(head.contains("Sec-WebSocket-Protocol"), head);
      assertFalse(head.contains("Sec-WebSocket-Extensions"), head);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Upgrade: websocket | Connection: close | Sec-WebSocket-Version: 13 | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Upgrade: websocket | Connection: Upgrade | Sec-WebSocket-Version: 12 | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Upgrade: websocket | Connection: Upgrade | Sec-WebSocket-Version: 13 | Sec-WebSocket-Key: short",
        "Upgrade: websocket | Connection: Upgrade | Sec-WebSocket-Version: 13 | X: y",
      })
  void badHandshakesAreRefusedInShapeBeforeTheHandler(
      String upgrade, String connection, String version, String key) throws IOException {
    try (Socket socket = send("/held", upgrade, connection, version, key, "Content-Length: 0")) {
      String head = head(socket.getInputStream());
      assertTrue(head.startsWith("HTTP/1.1 400 "), head);
      assertTrue(head.contains("Content-Type: application/json"), head);
    }
    assertTrue(table.events.isEmpty());
  }

  @Test
  void aPlainRequestWithAVersionGoesToItsRow() throws IOException {
    try (Socket socket = send("/echo/x", "Sec-WebSocket-Version: 13", "Connection: close")) {
      String reply = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertTrue(reply.endsWith("\"plain x\""), reply);
    }
  }

  @Test
  void pingsAreAnsweredWhileOutputStreams() throws Exception {
    try (Socket socket = open("/flood")) {
      socket.getOutputStream().write(frame(PING, "p1".getBytes(UTF_8)));
      InputStream in = socket.getInputStream();
      for (int kind = in.read(); kind != PONG; kind = in.read()) {
        assertEquals(0x82, kind);
        assertEquals(127, in.read());
        in.skipNBytes(8 + (64 << 10));
      }
      assertEquals(2, in.read());
      assertArrayEquals("p1".getBytes(UTF_8), in.readNBytes(2));
    }
    assertEquals("flood ended", event());
  }

  @Test
  void aSlowClientHoldsTheSenderBack() throws Exception {
    try (Socket socket = open("/flood")) {
      long before = -1;
      long sent = table.flooded.get();
      while (sent != before || sent == 0) {
        before = sent;
        assertNull(table.events.poll(300, TimeUnit.MILLISECONDS));
        sent = table.flooded.get();
      }
      // What the kernel's buffers take, and no more.
      assertTrue(sent < 32 << 20, "sent " + sent);
      socket.getInputStream().skipNBytes(64 << 20);
      assertTrue(table.flooded.get() > sent);
    }
    assertEquals("flood ended", event());
  }

  @Test
  void aClientThatVanishesIsNoticed() throws Exception {
    try (Socket socket = open("/echo/x")) {
      assertEquals("81 x k - ", frame(socket.getInputStream()));
    }
    assertEquals("closed", event());
    assertEquals("open false", event());
  }

  @Test
  void messagesBeforeACloseAreReceived() throws Exception {
    try (Socket socket = open("/lazy")) {
      byte[] close = {0x03, (byte) 0xe8};
      socket.getOutputStream().write(frame(0x82, new byte[100]));
      socket.getOutputStream().write(frame(TEXT, "end".getBytes(UTF_8)));
      table.receive.countDown();
      assertEquals("81 received 100", frame(socket.getInputStream()));
      socket.getOutputStream().write(frame(CLOSE, close));
      assertEquals("88 \u0003\u00e8", frame(socket.getInputStream()));
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @Test
  void brokenTextClosesWith1007() throws IOException {
    try (Socket socket = open("/echo/x")) {
      InputStream in = socket.getInputStream();
      frame(in);
      socket.getOutputStream().write(frame(TEXT, new byte[] {(byte) 0xff}));
      assertTrue(frame(in).startsWith("88 \u0003\u00ef"));
    }
  }

  @Test
  void fragmentsAreOneMessage() throws IOException {
    try (Socket socket = open("/echo/x")) {
      InputStream in = socket.getInputStream();
      frame(in);
      byte[] euro = "€".getBytes(UTF_8);
      socket.getOutputStream().write(frame(0x01, Arrays.copyOf(euro, 1)));
      socket.getOutputStream().write(frame(PING, new byte[0]));
      socket.getOutputStream().write(frame(0x80, Arrays.copyOfRange(euro, 1, 3)));
      assertEquals("8a ", frame(in));
      assertEquals("81 " + new String(euro, ISO_8859_1), frame(in));
    }
  }
}
