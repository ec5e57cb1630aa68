package io.daytona.bench.client;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A WebSocket of the toolbox, read one message at a time by a blocking caller. */
public final class Channel implements AutoCloseable {
  private static final int LONGEST_SILENCE_SECONDS = 60;

  private final WebSocket socket;
  private final BlockingQueue<Message> messages;

  private Channel(WebSocket socket, BlockingQueue<Message> messages) {
    this.socket = socket;
    this.messages = messages;
  }

  /**
   * A message of the platform.
   *
   * @param text its text; the reason of a close
   * @param closeCode the code of a close; 0 for other messages
   * @param epochNanos when it came, in nanoseconds since 1970
   */
  public record Message(String text, int closeCode, long epochNanos) {
    /** Whether it is the socket's end. */
    public boolean closed() {
      return closeCode != 0;
    }
  }

  static Channel open(HttpClient client, URI target, String key) {
    Incoming incoming = new Incoming();
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + key)
            .buildAsync(target, incoming)
            .join();
    return new Channel(socket, incoming.messages);
  }

  /** Sends one text message. */
  public void send(String text) {
    socket.sendText(text, true).join();
  }

  /** The next message; silence of a minute is an error. */
  public Message receive() {
    try {
      Message next = messages.poll(LONGEST_SILENCE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new IllegalStateException("nothing came for " + LONGEST_SILENCE_SECONDS + " s");
      }
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Receives until a message contains the text; the socket's end before that is an error. */
  public void receiveUntil(String text) {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      Message next = receive();
      if (next.closed()) {
        throw new IllegalStateException("closed with " + next.closeCode() + " " + next.text());
      }
      seen.append(next.text());
    }
  }

  @Override
  public void close() {
    socket.abort();
  }

  private static final class Incoming implements WebSocket.Listener {
    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      add(from, data.toString().getBytes(StandardCharsets.UTF_8), last);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      add(from, bytes, last);
      return null;
    }

    private void add(WebSocket from, byte[] bytes, boolean last) {
      long now = now();
      partial.writeBytes(bytes);
      if (last) {
        messages.add(new Message(partial.toString(StandardCharsets.UTF_8), 0, now));
        partial.reset();
      }
      from.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      messages.add(new Message(reason, code, now()));
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      messages.add(new Message(error.toString(), 1006, now()));
    }

    private static long now() {
      Instant now = Instant.now();
      return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
  }
}
