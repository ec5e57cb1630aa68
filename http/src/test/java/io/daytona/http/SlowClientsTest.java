package io.daytona.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that keep a connection alive by a byte now and then. */
@Timeout(60)
class SlowClientsTest {
  private static final int RATE = 256;
  private final HttpServer server =
      HttpServer.builder(HttpConfig.defaults())
          .limits(new ClientLimits(75, 16, 10, 1, RATE, Optional.empty()))
          .bodyGrace(Duration.ofSeconds(1))
          .mount(
              "",
              List.of(counting(Method.POST, "/count"), counting(Method.ANY, "/program")),
              TestTable.BEARER,
              TestTable.ERRORS)
          .start();

  private static Endpoint<InputStream, Long> counting(Method method, String path) {
    return new Endpoint<>(
        method,
        path,
        path,
        "Counts the bytes of its body.",
        Access.PUBLIC,
        InputStream.class,
        Long.class,
        200,
        call -> call.body().transferTo(OutputStream.nullOutputStream()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Sends pieces with pauses until the connection ends or the time is over. */
  private static boolean endsWhile(Socket socket, byte[] piece, Duration pause, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    try {
      while (System.nanoTime() < end) {
        socket.getOutputStream().write(piece);
        socket.getOutputStream().flush();
        LockSupport.parkNanos(pause.toNanos());
      }
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private static final Duration DRIP = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofSeconds(20);

  @Test
  void aHeadThatDripsIsCutOff() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write("GET /count HTTP/1.1\r\nHost: h\r\nX: ".getBytes(UTF_8));
      assertTrue(endsWhile(socket, "x".getBytes(UTF_8), DRIP, LONG));
    }
  }

  @Test
  void aConnectionThatSaysNothingIsClosed() throws IOException {
    try (Socket socket = connect()) {
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @Test
  void aBodyThatDripsIsCutOff() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head("/count", 1 << 20));
      assertTrue(endsWhile(socket, "x".getBytes(UTF_8), DRIP, LONG));
    }
  }

  @Test
  void aBodyThatMovesSlowlyGoesOn() throws IOException {
    int pieces = 40;
    byte[] piece = new byte[RATE];
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head("/count", (long) pieces * piece.length));
      for (int i = 0; i < pieces; i++) {
        socket.getOutputStream().write(piece);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      }
      assertTrue(reply(socket).contains(" 200 "));
    }
  }

  @Test
  void aBodyForAProgramMayRest() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head("/program", 100));
      boolean ended =
          endsWhile(socket, "x".getBytes(UTF_8), Duration.ofMillis(200), Duration.ofSeconds(5));
      assertFalse(ended);
      socket.getOutputStream().write(new byte[100]);
      assertTrue(reply(socket).contains(" 200 "));
    }
  }

  private static byte[] head(String path, long length) {
    return ("POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\n\r\n")
        .getBytes(UTF_8);
  }

  private static String reply(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(20), UTF_8);
  }
}
