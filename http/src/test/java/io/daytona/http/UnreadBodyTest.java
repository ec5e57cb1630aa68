package io.daytona.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Refusals of requests whose body nobody has read: they arrive whole and keep the connection. */
class UnreadBodyTest {
  private static final String REFUSED = "POST /api/nothing HTTP/1.1\r\nHost: h\r\n";

  private final HttpServer server =
      HttpServer.builder(HttpConfig.defaults())
          .mount("/api", new TestTable().endpoints(), TestTable.BEARER, TestTable.ERRORS)
          .start();

  @AfterEach
  void stop() {
    server.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(ISO_8859_1));
    out.flush();
  }

  /** Head of the next reply, whose body of the declared length is read too. */
  private static String reply(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      assertTrue(next >= 0, "the connection ended after: " + head.toString(ISO_8859_1));
      head.write(next);
    }
    String text = head.toString(ISO_8859_1).toLowerCase(Locale.ROOT);
    int length = Integer.parseInt(text.replaceAll("(?s).*content-length: (\\d+).*", "$1"));
    assertEquals(length, in.readNBytes(length).length);
    return text;
  }

  private static void assertServed(Socket socket) throws IOException {
    send(socket, "GET /api/thing/x HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n");
    assertTrue(reply(socket).startsWith("http/1.1 200 "));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5_000, 200_000, 3_000_000})
  void aRefusalKeepsTheConnection(int bytes) throws IOException {
    try (Socket socket = connect()) {
      send(socket, REFUSED + "Content-Length: " + bytes + "\r\n\r\n" + "x".repeat(bytes));
      String refusal = reply(socket);
      assertTrue(refusal.startsWith("http/1.1 404 "), refusal);
      assertFalse(refusal.contains("connection: close"), refusal);
      assertServed(socket);
    }
  }

  @Test
  void soDoesOneOfABodyInChunks() throws IOException {
    try (Socket socket = connect()) {
      String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
      send(socket, REFUSED + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(20) + "0\r\n\r\n");
      assertTrue(reply(socket).startsWith("http/1.1 404 "));
      assertServed(socket);
    }
  }

  @Test
  void aBodyThatDoesNotComeClosesTheConnectionAndSaysSo() throws IOException {
    try (Socket socket = connect()) {
      send(socket, REFUSED + "Content-Length: 100\r\n\r\n");
      String refusal = reply(socket);
      assertTrue(refusal.startsWith("http/1.1 404 "), refusal);
      assertTrue(refusal.contains("connection: close"), refusal);
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @Test
  void aBodyOfWhichTooMuchIsAnnouncedIsNotWaitedFor() throws IOException {
    try (Socket socket = connect()) {
      send(socket, REFUSED + "Content-Length: 9999999999\r\n\r\n");
      assertTrue(reply(socket).contains("connection: close"));
    }
  }

  @Test
  void aClientThatWaitsForLeaveGetsTheRefusal() throws IOException {
    try (Socket socket = connect()) {
      send(socket, REFUSED + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
      String refusal = reply(socket);
      assertTrue(refusal.startsWith("http/1.1 404 "), refusal);
      assertTrue(refusal.contains("connection: close"), refusal);
    }
  }
}
