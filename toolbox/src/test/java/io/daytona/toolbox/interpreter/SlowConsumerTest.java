package io.daytona.toolbox.interpreter;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that stops reading (toolbox protocol §5.2). */
@Tag("slow")
@Timeout(120)
class SlowConsumerTest {
  private static final String HUGE =
      "open('started', 'w').close()\\n"
          + "for i in range(100): print('x' * 1_000_000)\\nended = True";

  @Test
  void isGivenUpWhileTheCodeGoesOn() throws Exception {
    try (ToolboxServer server = ToolboxServer.start();
        HttpClient http = HttpClient.newHttpClient()) {
      URI uri = server.uri(Interpreter.EXECUTE);
      Silent client = new Silent();
      WebSocket socket =
          http.newWebSocketBuilder()
              .buildAsync(URI.create(uri.toString().replaceFirst("^http", "ws")), client)
              .join();
      socket.sendText("{\"code\":\"" + HUGE + "\"}", true).join();
      while (!Files.exists(server.work().resolve("started"))) {
        Thread.onSpinWait();
      }
      // Its turn comes when the first has ended.
      String turn = awaitTurn(server);
      assertTrue(turn.contains("True"), turn);
      socket.request(Long.MAX_VALUE);
      String end = client.ended.get(30, TimeUnit.SECONDS);
      assertTrue(end.equals("1008 slow consumer") || end.equals("broken"), end);
      assertTrue(client.received < 50_000_000, client.received + " characters");
    }
  }

  private static String awaitTurn(ToolboxServer server) throws Exception {
    try (var second = new Interpreter(server).begin("print(ended)", Map.of())) {
      var event = second.next(90_000);
      return event instanceof ToolboxSocket.Event.Text(String text)
          ? Interpreter.frame(text).toString()
          : String.valueOf(event);
    }
  }

  /** Reads nothing until it is told to. */
  private static final class Silent implements WebSocket.Listener {
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private volatile long received;

    @Override
    public void onOpen(WebSocket socket) {
      // No request: nothing is read.
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread calls
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      received += part.length();
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      ended.complete(code + " " + reason);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable cause) {
      ended.complete("broken");
    }
  }
}
