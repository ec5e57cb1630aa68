package io.daytona.toolbox.terminal;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many terminals, and clients of one terminal that do not disturb each other. */
@Timeout(180)
@Tag("slow")
class TerminalCrowdTest {
  private static final int BURST = 10_000_000;

  private ToolboxServer server;

  @BeforeEach
  void start() throws Exception {
    RealAgent agent = RealAgent.start();
    server = ToolboxServer.start(agent, "root", agent.work().toString(), TerminalUser.BASE);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void twentyTerminalsAtOnce() throws Exception {
    int count = 20;
    List<Future<?>> all = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        int number = i;
        all.add(
            threads.submit(() -> {
              useTerminal(number);
              return null;
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    assertEquals(count, ok(server.get("/process/pty")).get("sessions").size());
  }

  private void useTerminal(int number) throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "t" + number)) {
      for (int round = 0; round < 5; round++) {
        int cols = 100 + number * 5 + round;
        String size = "{\"cols\":" + cols + ",\"rows\":50}";
        ok(server.post("/process/pty/t" + number + "/resize", size));
        user.type("stty size\n").await("50 " + cols + "\r\n");
      }
    }
  }

  @Test
  void aSlowClientIsClosedWithoutSlowingTheOthers() throws Exception {
    try (TerminalUser fast = TerminalUser.create(server, "burst");
        SlowClient slow = SlowClient.connect(server.uri("/process/pty/burst/connect"))) {
      fast.type("stty -echo; echo up-$((1+1))\n").await("up-2\r\n");
      long start = System.nanoTime();
      fast.type("head -c " + BURST + " /dev/zero | tr '\\0' x; exit\n");
      long xs = 0;
      Event event = fast.socket().next();
      while (!(event instanceof Event.Closed)) {
        if (event instanceof Event.Binary(byte[] bytes)) {
          for (byte one : bytes) {
            xs += one == 'x' ? 1 : 0;
          }
        }
        event = fast.socket().next();
      }
      long millis = (System.nanoTime() - start) / 1_000_000;
      assertEquals(new Event.Closed(1000, "{\"exitCode\":0}"), event);
      assertTrue(xs >= BURST && xs < BURST + 100, () -> "not the whole burst");
      assertTrue(millis < SlowClient.AWAY_MILLIS, () -> "waited for the slow one: " + millis);
      assertEquals("1008 slow consumer", slow.closed.get(60, TimeUnit.SECONDS));
      assertTrue(slow.received < BURST, () -> "received all: " + slow.received);
    }
  }

  /** Reads nothing for a while, then everything. */
  private static final class SlowClient implements WebSocket.Listener, AutoCloseable {
    static final long AWAY_MILLIS = 5_000;

    private final CompletableFuture<String> closed = new CompletableFuture<>();
    private volatile long received;
    private @Nullable WebSocket socket;

    static SlowClient connect(URI uri) {
      SlowClient client = new SlowClient();
      client.socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .buildAsync(URI.create(uri.toString().replaceFirst("http", "ws")), client)
              .join();
      return client;
    }

    @Override
    public void onOpen(WebSocket from) {
      CompletableFuture.delayedExecutor(AWAY_MILLIS, TimeUnit.MILLISECONDS)
          .execute(() -> from.request(Long.MAX_VALUE));
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one call at a time
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
      received += part.remaining();
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code + " " + reason);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable cause) {
      closed.completeExceptionally(cause);
    }

    @Override
    public void close() {
      WebSocket open = socket;
      if (open != null) {
        open.abort();
      }
    }
  }
}
