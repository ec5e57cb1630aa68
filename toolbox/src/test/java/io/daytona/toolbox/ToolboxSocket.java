package io.daytona.toolbox;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client's end of one of the toolbox's WebSockets; it keeps what it received, in order. */
public final class ToolboxSocket implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;

  private final WebSocket socket;
  private final BlockingQueue<Event> events;

  private ToolboxSocket(WebSocket socket, BlockingQueue<Event> events) {
    this.socket = socket;
    this.events = events;
  }

  /** What happened on a socket. */
  public sealed interface Event {
    /**
     * A whole text message.
     *
     * @param text its text
     */
    record Text(String text) implements Event {}

    /**
     * A whole binary message.
     *
     * @param bytes its bytes
     */
    record Binary(byte[] bytes) implements Event {}

    /** An answered ping. */
    record Pong() implements Event {}

    /**
     * The server's close.
     *
     * @param code close code
     * @param reason close reason
     */
    record Closed(int code, String reason) implements Event {}

    /**
     * A connection that broke.
     *
     * @param cause why
     */
    record Broken(Throwable cause) implements Event {}
  }

  /**
   * Opens a socket.
   *
   * @param uri address with {@code http} or {@code ws}
   * @param offered sub-protocols
   * @param headers names and values in turn
   * @throws java.util.concurrent.CompletionException caused by a {@link
   *     java.net.http.WebSocketHandshakeException} when the server refuses
   */
  static ToolboxSocket open(HttpClient http, URI uri, List<String> offered, String... headers) {
    WebSocket.Builder builder = http.newWebSocketBuilder();
    for (int at = 0; at < headers.length; at += 2) {
      builder.header(headers[at], headers[at + 1]);
    }
    if (!offered.isEmpty()) {
      String[] all = offered.toArray(String[]::new);
      builder.subprotocols(all[0], Arrays.copyOfRange(all, 1, all.length));
    }
    URI target = URI.create(uri.toString().replaceFirst("^http", "ws"));
    Listener listener = new Listener();
    return new ToolboxSocket(builder.buildAsync(target, listener).join(), listener.events);
  }

  /** The sub-protocol the server chose, empty when none. */
  public String subprotocol() {
    return socket.getSubprotocol();
  }

  /** Sends a text message. */
  public void send(String text) {
    socket.sendText(text, true).join();
  }

  /** Sends a binary message. */
  public void send(byte[] bytes) {
    socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
  }

  /** Sends a ping; its answer is a {@link Event.Pong}. */
  public void ping() {
    socket.sendPing(ByteBuffer.wrap(new byte[] {1})).join();
  }

  /** Closes from this side; the server's answer is a {@link Event.Closed}. */
  public void close(int code, String reason) {
    socket.sendClose(code, reason).join();
  }

  /** The next thing that happened; fails after 20 s of silence. */
  public Event next() throws InterruptedException {
    Event event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("the socket is silent");
    }
    return event;
  }

  /** The next thing that happened, null when nothing did in time. */
  public @Nullable Event next(long millis) throws InterruptedException {
    return events.poll(millis, TimeUnit.MILLISECONDS);
  }

  /** The next message, which must be text. */
  public String text() throws InterruptedException {
    Event event = next();
    if (event instanceof Event.Text(String text)) {
      return text;
    }
    throw new AssertionError("expected text, got " + event);
  }

  /** Skips messages until the server closes. */
  public Event.Closed closed() throws InterruptedException {
    while (true) {
      switch (next()) {
        case Event.Closed closed -> {
          return closed;
        }
        case Event.Broken broken -> throw new AssertionError("the socket broke", broken.cause);
        case Event.Text text -> {}
        case Event.Binary binary -> {}
        case Event.Pong pong -> {}
      }
    }
  }

  /** Ends the connection without a close handshake, as a client that vanishes does. */
  public void vanish() {
    socket.abort();
  }

  @Override
  public void close() {
    socket.abort();
  }

  /** Puts fragments together. */
  private static final class Listener implements WebSocket.Listener {
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private final java.io.ByteArrayOutputStream binary = new java.io.ByteArrayOutputStream();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        events.add(new Event.Text(text.toString()));
        text.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
      byte[] bytes = new byte[part.remaining()];
      part.get(bytes);
      binary.writeBytes(bytes);
      if (last) {
        events.add(new Event.Binary(binary.toByteArray()));
        binary.reset();
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer data) {
      events.add(new Event.Pong());
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      events.add(new Event.Closed(code, reason));
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable cause) {
      events.add(new Event.Broken(cause));
    }
  }
}
