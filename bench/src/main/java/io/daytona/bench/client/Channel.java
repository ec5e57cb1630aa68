package io.daytona.bench.client;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import javax.net.ssl.SSLSocketFactory;

/**
 * A WebSocket (RFC 6455) of the toolbox on a blocking connection, read one message at a time by its
 * caller. It does no more than the benchmark needs: the JDK's client takes several milliseconds for
 * a handshake and a close, more than the platform behind it.
 */
public final class Channel implements AutoCloseable {
  private static final int LONGEST_SILENCE_MILLIS = 60_000;
  private static final int MAX_FRAME = 64 << 20;
  private static final int CONTINUATION = 0;
  private static final int TEXT = 1;
  private static final int BINARY = 2;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;
  private static final int LAST = 0x80;
  private static final int MASKED = 0x80;

  /** Bytes of a length that follows, marked by 126 or 127. */
  private static final int SHORT_LENGTH = 126;

  private static final int LONG_LENGTH = 127;
  private static final int NO_CODE = 1005;

  private final Socket connection;
  private final DataInputStream in;

  private Channel(Socket connection) throws IOException {
    this.connection = connection;
    this.in = new DataInputStream(new BufferedInputStream(connection.getInputStream()));
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

  private record Frame(boolean last, int type, byte[] payload) {}

  static Channel open(URI target, String key) {
    try {
      Channel channel = new Channel(connect(target));
      try {
        channel.shakeHands(target, key);
        return channel;
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Socket connect(URI target) throws IOException {
    boolean secure = target.getScheme().equals("https");
    int port = target.getPort() < 0 ? secure ? 443 : 80 : target.getPort();
    Socket connection =
        secure
            ? SSLSocketFactory.getDefault().createSocket(target.getHost(), port)
            : new Socket(target.getHost(), port);
    connection.setTcpNoDelay(true);
    connection.setSoTimeout(LONGEST_SILENCE_MILLIS);
    return connection;
  }

  private void shakeHands(URI target, String key) throws IOException {
    String path = target.getRawPath();
    String request =
        "GET "
            + (target.getRawQuery() == null ? path : path + "?" + target.getRawQuery())
            + " HTTP/1.1\r\nHost: "
            + target.getRawAuthority()
            + "\r\nAuthorization: Bearer "
            + key
            + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
            + "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    connection.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    String status = line();
    if (!status.startsWith("HTTP/1.1 101 ")) {
      throw new IOException("the handshake was answered with " + status);
    }
    while (!line().isEmpty()) {
      // Nothing in the headers is of interest here.
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.readUnsignedByte(); next != '\n'; next = in.readUnsignedByte()) {
      line.append((char) next);
    }
    return line.toString().strip();
  }

  /** Sends one text message. */
  public void send(String text) {
    try {
      write(TEXT, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Masked, as every frame of a client must be; a mask of zeros leaves the bytes as they are. */
  private void write(int type, byte[] payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(2 + Long.BYTES + Integer.BYTES + payload.length);
    frame.put((byte) (LAST | type));
    if (payload.length < SHORT_LENGTH) {
      frame.put((byte) (MASKED | payload.length));
    } else {
      frame.put((byte) (MASKED | LONG_LENGTH)).putLong(payload.length);
    }
    frame.putInt(0).put(payload);
    connection.getOutputStream().write(frame.array(), 0, frame.position());
  }

  /** The next message; silence of a minute is an error. */
  public Message receive() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    try {
      while (true) {
        Frame frame = read();
        switch (frame.type) {
          case CONTINUATION, TEXT, BINARY -> {
            whole.writeBytes(frame.payload);
            if (frame.last) {
              return new Message(whole.toString(StandardCharsets.UTF_8), 0, now());
            }
          }
          case PING -> write(PONG, frame.payload);
          case CLOSE -> {
            write(CLOSE, frame.payload);
            return closed(frame.payload);
          }
          default -> {} // an answer to nothing
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Frame read() throws IOException {
    int head = in.readUnsignedByte();
    int marked = in.readUnsignedByte();
    long length =
        switch (marked) {
          case SHORT_LENGTH -> in.readUnsignedShort();
          case LONG_LENGTH -> in.readLong();
          default -> marked;
        };
    if (length < 0 || length > MAX_FRAME) {
      throw new IOException("a frame of " + length + " bytes");
    }
    byte[] payload = new byte[(int) length];
    in.readFully(payload);
    return new Frame((head & LAST) != 0, head & 0xf, payload);
  }

  private static Message closed(byte[] payload) {
    ByteBuffer close = ByteBuffer.wrap(payload);
    int code = close.remaining() < Short.BYTES ? NO_CODE : Short.toUnsignedInt(close.getShort());
    return new Message(StandardCharsets.UTF_8.decode(close).toString(), code, now());
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
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

  /** Ends the connection. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
