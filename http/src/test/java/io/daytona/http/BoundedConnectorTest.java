package io.daytona.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BoundedConnectorTest {
  private static final int PLACES = 5;
  private static final HttpConfig FEW = new HttpConfig(10, 10, PLACES, 1024, 8192, 9000, 300, 1);

  private final HttpServer server =
      HttpServer.builder(FEW)
          .mount("/api", new TestTable().endpoints(), TestTable.BEARER, TestTable.ERRORS)
          .start();

  @AfterEach
  void stop() {
    server.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static void ask(Socket socket, String more) throws IOException {
    socket
        .getOutputStream()
        .write(
            ("GET /api/thing/x HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n" + more + "\r\n")
                .getBytes(ISO_8859_1));
  }

  private String closing() throws IOException {
    try (Socket socket = connect()) {
      ask(socket, "Connection: close\r\n");
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  /** A connection that is served and stays. */
  private Socket idle() throws IOException {
    Socket socket = connect();
    ask(socket, "");
    assertTrue(socket.getInputStream().read() == 'H', "served");
    return socket;
  }

  @Test
  void tellsWhoFindsNoPlaceAndServesAgainWhenThereIsOne() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < PLACES; i++) {
        open.add(idle());
      }
      for (int i = 0; i < 3 * PLACES; i++) {
        String refused = closing();
        assertTrue(refused.startsWith("HTTP/1.1 503 "), refused);
        assertTrue(refused.contains("\r\nRetry-After: 1\r\n"), refused);
        assertTrue(refused.contains("as many connections as it can keep"), refused);
      }
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
    long deadline = System.nanoTime() + 10_000_000_000L;
    String served = closing();
    while (!served.startsWith("HTTP/1.1 200 ") && System.nanoTime() < deadline) {
      served = closing();
    }
    assertTrue(served.startsWith("HTTP/1.1 200 "), served);
  }
}
