package io.daytona.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener that tells a client when it has no place for its connection: 503 with {@code
 * Retry-After} instead of silence, also when the process has no file descriptor left.
 */
class BoundedConnector extends ServerConnector {
  private static final Logger LOG = LoggerFactory.getLogger(BoundedConnector.class);
  private static final Pattern LIMIT = Pattern.compile("(?m)^Max open files +([0-9]+)");

  /** For everything else that a process opens. */
  private static final int RESERVED = 1024;

  private static final int REFUSALS_AT_ONCE = 64;

  /** A refused client's request is read for this long: an unread one would reset the reply. */
  private static final int DRAIN_MILLIS = 250;

  private final int places;

  /** Let in, and not yet among the connected ones, which the selector's thread sees to. */
  private final Set<SocketChannel> entering = ConcurrentHashMap.newKeySet();

  private final Semaphore refusals = new Semaphore(REFUSALS_AT_ONCE);
  private @Nullable FileChannel spare;

  /**
   * @param connections most connections at once; fewer when the process may not open that many
   */
  BoundedConnector(Server server, HttpConnectionFactory http, int connections) {
    super(server, 1, 1, http);
    this.places = Math.min(connections, openable());
    keepSpare();
  }

  /** Half of what is not reserved: there are two listeners. */
  private static int openable() {
    try {
      Matcher limit = LIMIT.matcher(Files.readString(Path.of("/proc/self/limits")));
      if (limit.find()) {
        long files = Math.min(Integer.MAX_VALUE, Long.parseLong(limit.group(1)));
        return (int) (files - Math.min(RESERVED, files / 2)) / 2;
      }
    } catch (IOException e) {
      LOG.debug("the limit of open files is not known", e);
    }
    return Integer.MAX_VALUE; // "unlimited"
  }

  @Override
  public void accept(int acceptor) throws IOException {
    if (!(getTransport() instanceof ServerSocketChannel listener) || !listener.isOpen()) {
      return;
    }
    SocketChannel channel;
    try {
      channel = listener.accept();
    } catch (IOException e) {
      if (!listener.isOpen() || !giveUpSpare()) {
        throw e;
      }
      LOG.warn("a connection cannot be accepted: {}", e.getMessage());
      acceptWithSpare(listener);
      return;
    }
    entering.removeIf(entered -> !entered.isOpen());
    if (getConnectedEndPoints().size() + entering.size() < places) {
      admit(channel);
    } else if (refusals.tryAcquire()) {
      Thread.startVirtualThread(() -> {
        try {
          refuse(channel, "This listener has as many connections as it can keep");
        } finally {
          refusals.release();
        }
      });
    } else {
      channel.close();
    }
  }

  /**
   * The spare's descriptor lets one client in: to be refused, or served if others are free by now.
   */
  private void acceptWithSpare(ServerSocketChannel listener) throws IOException {
    SocketChannel channel = listener.accept();
    if (keepSpare()) {
      admit(channel);
      return;
    }
    refuse(channel, "The server has no file descriptor left");
    keepSpare();
  }

  private void admit(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    configure(channel.socket());
    entering.add(channel);
    getSelectorManager().accept(channel);
  }

  @Override
  protected void onEndPointOpened(EndPoint endPoint) {
    super.onEndPointOpened(endPoint);
    if (endPoint.getTransport() instanceof SocketChannel channel) {
      entering.remove(channel);
    }
  }

  private boolean keepSpare() {
    if (spare != null) {
      return true;
    }
    try {
      spare = FileChannel.open(Path.of("/dev/null"));
      return true;
    } catch (IOException e) {
      LOG.debug("no descriptor to spare", e);
      return false;
    }
  }

  private boolean giveUpSpare() throws IOException {
    FileChannel held = spare;
    if (held == null) {
      return keepSpare() && giveUpSpare();
    }
    held.close();
    spare = null;
    return true;
  }

  private static void refuse(SocketChannel channel, String cause) {
    String body =
        "{\"statusCode\":503,\"error\":\"Service Unavailable\",\"code\":\"SERVICE_UNAVAILABLE\","
            + "\"message\":\""
            + cause
            + ". Try again shortly, and close connections that are not needed\"}";
    String reply =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
            + "Connection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    try (channel) {
      channel.write(ByteBuffer.wrap(reply.getBytes(US_ASCII)));
      channel.shutdownOutput();
      Socket socket = channel.socket();
      byte[] request = new byte[8192];
      long deadline = System.nanoTime() + DRAIN_MILLIS * 1_000_000L;
      int got = 0;
      while (got >= 0 && System.nanoTime() < deadline) {
        socket.setSoTimeout(DRAIN_MILLIS);
        got = socket.getInputStream().read(request);
      }
    } catch (SocketTimeoutException e) {
      LOG.debug("a refused client stays", e);
    } catch (IOException e) {
      LOG.debug("a refused client is gone", e);
    }
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    FileChannel held = spare;
    spare = null;
    if (held != null) {
      held.close();
    }
  }
}
