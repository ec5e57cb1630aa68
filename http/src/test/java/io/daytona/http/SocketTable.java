package io.daytona.http;

import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.http.WebSocket.Message;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** A table with one WebSocket row for each thing a socket can do. */
final class SocketTable {
  private static final Duration LONG = Duration.ofSeconds(20);

  /** What handlers tell of themselves. */
  final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  /** Bytes that {@code /flood} has sent. */
  final AtomicLong flooded = new AtomicLong();

  /** Opened by a test to let {@code /lazy} receive. */
  final CountDownLatch receive = new CountDownLatch(1);

  EndpointTable table() {
    return new EndpointTable(
        List.of(
            Endpoint.get(
                "/echo/{id}",
                "plainEcho",
                "Answers plain requests.",
                Access.PUBLIC,
                String.class,
                call -> "plain " + call.path("id")),
            Endpoint.get(
                "/plain", "plain", "Has no socket.", Access.PUBLIC, String.class, call -> "plain")),
        List.of(
            socket("/echo/{id}", Access.MEMBER, call -> echo(call)),
            socket("/echo/fixed", Access.PUBLIC, call -> socket -> socket.send("fixed")),
            socket("/only", Access.PUBLIC, call -> socket -> socket.close(4008, "€".repeat(50))),
            socket(
                "/refused",
                Access.PUBLIC,
                call -> {
                  throw DaytonaException.conflict("taken already");
                }),
            socket("/fails", Access.PUBLIC, call -> socket -> fail()),
            socket("/flood", Access.PUBLIC, call -> this::flood),
            socket("/lazy", Access.PUBLIC, call -> this::lazy),
            socket("/held", Access.PUBLIC, call -> held())));
  }

  private static SocketEndpoint socket(
      String path, Access access, SocketEndpoint.Acceptor acceptor) {
    return new SocketEndpoint(path, path.substring(1), "For a test.", access, acceptor);
  }

  private static void fail() {
    throw new IllegalStateException("secret detail");
  }

  private Conversation echo(SocketCall call) {
    String hello =
        String.join(
            " ",
            call.path("id"),
            call.principal(String.class),
            call.query("q").orElse("-"),
            String.join("|", call.offered()));
    call.query("choose").ifPresent(call::choose);
    return socket -> {
      socket.onClose(() -> events.add("closed"));
      try {
        socket.send(hello);
        for (Message message = socket.receive(LONG);
            message != null;
            message = socket.receive(LONG)) {
          switch (message) {
            case Message.Text(String text) -> socket.send(text.toUpperCase(Locale.ROOT));
            case Message.Binary(byte[] bytes) -> socket.send(bytes, 0, bytes.length);
          }
        }
      } finally {
        // A peer that goes away while it is answered may break the last send.
        events.add("open " + socket.isOpen());
      }
    };
  }

  private void flood(WebSocket socket) throws InterruptedException {
    byte[] chunk = new byte[64 << 10];
    try {
      while (true) {
        socket.send(chunk, 0, chunk.length);
        flooded.addAndGet(chunk.length);
      }
    } catch (IOException e) {
      events.add("flood ended");
    }
  }

  private void lazy(WebSocket socket) throws IOException, InterruptedException {
    receive.await();
    long bytes = 0;
    for (Message message = socket.receive(LONG);
        message instanceof Message.Binary(byte[] data);
        message = socket.receive(LONG)) {
      bytes += data.length;
    }
    socket.send("received " + bytes);
  }

  private Conversation held() {
    return new Conversation() {
      @Override
      public void run(WebSocket socket) throws InterruptedException {
        events.add("runs");
        socket.receive(Duration.ofDays(1000));
        events.add("ended");
      }

      @Override
      public void discard() {
        events.add("discarded");
      }
    };
  }
}
