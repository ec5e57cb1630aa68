package io.daytona.http;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An open WebSocket. One thread receives; any may send, message by message. Pings are answered
 * while the handler is busy, and an idle socket is never closed by the server.
 *
 * <p>Messages of up to 16 MiB are taken, larger ones close the socket with 1009, and those that the
 * peer does not finish within two minutes with 1008. When 1 MiB waits to be received the peer is
 * not read any more, its pings included, until {@link #receive} makes room; messages that came
 * before the socket was closed can still be received.
 */
public interface WebSocket {
  /** Close code of an orderly end. */
  int NORMAL = 1000;

  /** Close code of a server or peer that goes away. */
  int GOING_AWAY = 1001;

  /** Close code of a violated protocol. */
  int PROTOCOL_ERROR = 1002;

  /** Close code of a message that breaks a rule of the application. */
  int POLICY_VIOLATION = 1008;

  /** Close code of a failure of the server. */
  int SERVER_ERROR = 1011;

  /**
   * The next message.
   *
   * @param timeout how long to wait
   * @return null when the time passed first, or when the socket is closed ({@link #isOpen})
   */
  @Nullable Message receive(Duration timeout) throws InterruptedException;

  /**
   * Sends a text message; blocks while the peer does not read.
   *
   * @throws IOException when the socket is closed
   */
  void send(String text) throws IOException, InterruptedException;

  /**
   * Sends a binary message; blocks while the peer does not read.
   *
   * @throws IOException when the socket is closed
   */
  void send(byte[] bytes, int offset, int length) throws IOException, InterruptedException;

  /**
   * Closes after everything sent before; does nothing on a closed socket.
   *
   * @param code 1000…4999
   * @param reason text, cut to the protocol's 123 bytes
   */
  void close(int code, String reason);

  /** Whether neither side has closed it. */
  boolean isOpen();

  /**
   * Calls back once when the socket is closed, by whichever side; at once when it is already. The
   * callback must not block.
   */
  void onClose(Runnable callback);

  /** What the peer sent. */
  sealed interface Message {
    /**
     * A text message.
     *
     * @param text the text
     */
    record Text(String text) implements Message {}

    /**
     * A binary message.
     *
     * @param bytes the bytes, owned by the receiver
     */
    record Binary(byte[] bytes) implements Message {}
  }
}
