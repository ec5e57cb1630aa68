package io.daytona.http;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A WebSocket of the JDK's client with what it received. */
final class SocketClient implements WebSocket.Listener {
  /** How the socket ended, such as {@code 1000 bye}; completes exceptionally when it broke. */
  final CompletableFuture<String> closed = new CompletableFuture<>();

  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private final StringBuilder part = new StringBuilder();
  private @Nullable WebSocket socket;

  /** Opens a socket. */
  static SocketClient open(HttpClient client, URI uri, String... headers) {
    return open(client, uri, new String[0], headers);
  }

  /** Opens a socket and offers sub-protocols. */
  static SocketClient open(HttpClient client, URI uri, String[] offered, String... headers) {
    SocketClient listener = new SocketClient();
    WebSocket.Builder builder = client.newWebSocketBuilder();
    for (int at = 0; at < headers.length; at += 2) {
      builder.header(headers[at], headers[at + 1]);
    }
    if (offered.length > 0) {
      builder.subprotocols(offered[0], java.util.Arrays.copyOfRange(offered, 1, offered.length));
    }
    listener.socket = builder.buildAsync(uri, listener).join();
    return listener;
  }

  WebSocket socket() {
    if (socket == null) {
      throw new IllegalStateException("not open");
    }
    return socket;
  }

  /** The next message, binary ones as {@code bytes:N}; fails after ten seconds. */
  String next() throws InterruptedException {
    String message = messages.poll(10, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("no message");
    }
    return message;
  }

  String send(String text) throws InterruptedException {
    socket().sendText(text, true).join();
    return next();
  }

  /** Waits for the end. */
  String end() throws Exception {
    return closed.get(10, TimeUnit.SECONDS);
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    part.append(data);
    if (last) {
      messages.add(part.toString());
      part.setLength(0);
    }
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    part.append("x".repeat(data.remaining()));
    if (last) {
      messages.add("bytes:" + part.length());
      part.setLength(0);
    }
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer data) {
    messages.add("pong");
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete((code + " " + reason).strip());
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    closed.completeExceptionally(error);
  }
}
