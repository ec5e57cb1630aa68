package io.daytona.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket on a Jetty session. Jetty calls the methods named {@code on…}, one at a time, and
 * only on a public class.
 */
public final class JettySocket implements Session.Listener, WebSocket {
  private static final int REASON_BYTES = 123;
  private static final int MESSAGE_TOO_BIG = 1009;
  private static final int TRY_AGAIN_LATER = 1013;
  // How long a peer may take to answer a close, or to read what was sent before it.
  private static final long CLOSE_SECONDS = 10;

  private final Scheduler scheduler;
  private final Inbox inbox;
  private final Duration messageTime;
  private final Consumer<JettySocket> opened;
  private final Runnable disconnected;
  private final ReentrantLock sending = new ReentrantLock();
  private final List<Runnable> callbacks = new ArrayList<>(2);
  private @Nullable Session session;
  private @Nullable Closing closing;
  private boolean gone;
  private Scheduler.@Nullable Task cut;
  private Scheduler.@Nullable Task unfinished;

  /**
   * @param messageTime how long the peer may take for one message
   * @param opened starts what serves the socket; not called when it is closed before it opens
   * @param disconnected runs once when the connection is gone; must not block
   */
  JettySocket(
      Scheduler scheduler,
      BodyBudget budget,
      Duration messageTime,
      Consumer<JettySocket> opened,
      Runnable disconnected) {
    this.scheduler = scheduler;
    this.inbox = new Inbox(budget);
    this.messageTime = messageTime;
    this.opened = opened;
    this.disconnected = disconnected;
  }

  /** Tells who the peer is; called before the socket opens. */
  void organization(String id) {
    inbox.organization(id);
  }

  /** How this side closes. */
  private record Closing(int code, String reason) {}

  @Override
  public void onWebSocketOpen(Session opening) {
    Closing early;
    synchronized (this) {
      session = opening;
      early = closing;
    }
    opening.demand();
    if (early == null) {
      opened.accept(this);
    } else {
      close(opening, early);
    }
  }

  @Override
  public void onWebSocketPartialText(String part, boolean last) {
    timed(last);
    added(isOpen() ? inbox.add(part, last) : Inbox.Added.READ_ON);
  }

  @Override
  public void onWebSocketPartialBinary(ByteBuffer part, boolean last, Callback callback) {
    timed(last);
    Inbox.Added added = isOpen() ? inbox.add(part, last) : Inbox.Added.READ_ON;
    callback.succeed();
    added(added);
  }

  /** A message that is never finished would hold its memory for as long as the peer likes. */
  private synchronized void timed(boolean last) {
    if (last) {
      stopTime();
    } else if (unfinished == null && isOpen()) {
      unfinished =
          scheduler.schedule(
              () ->
                  close(
                      POLICY_VIOLATION,
                      "a message must be complete within " + messageTime.toSeconds() + " s"),
              messageTime.toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }

  private synchronized void stopTime() {
    if (unfinished != null) {
      unfinished.cancel();
      unfinished = null;
    }
  }

  private void added(Inbox.Added added) {
    switch (added) {
      case READ_ON -> readOn();
      case FULL -> {
        // The handler's next receive reads on.
      }
      case TOO_LARGE -> {
        close(
            MESSAGE_TOO_BIG,
            "a message must not be larger than " + Inbox.MAX_MESSAGE_BYTES + " bytes");
        readOn();
      }
      case NO_MEMORY -> {
        close(TRY_AGAIN_LATER, "the server is busy with large messages; try again shortly");
        readOn();
      }
    }
  }

  private void readOn() {
    Session current = session();
    if (current != null) {
      current.demand();
    }
  }

  @Override
  public void onWebSocketError(Throwable cause) {
    // The close that follows tells the handler; a peer that goes away is no fault of ours.
  }

  @Override
  public void onWebSocketClose(int code, @Nullable String reason, Callback callback) {
    callback.succeed();
    stopTime();
    inbox.dropPart();
    boolean wasOpen;
    synchronized (this) {
      if (gone) {
        return;
      }
      gone = true;
      wasOpen = closing == null;
      // Without a close handshake the connection itself is to be ended.
      cutLater();
    }
    if (wasOpen) {
      ended();
    }
    disconnected.run();
  }

  @Override
  public @Nullable Message receive(Duration timeout) throws InterruptedException {
    return inbox.take(timeout, this::readOn);
  }

  @Override
  public void send(String text) throws IOException, InterruptedException {
    send((open, written) -> open.sendText(text, written));
  }

  @Override
  public void send(byte[] bytes, int offset, int length) throws IOException, InterruptedException {
    send((open, written) -> open.sendBinary(ByteBuffer.wrap(bytes, offset, length), written));
  }

  /** Hands a message to Jetty. */
  private interface Sending {
    void start(Session open, Callback written);
  }

  private void send(Sending message) throws IOException, InterruptedException {
    sending.lockInterruptibly();
    try {
      Session open = session();
      if (open == null || !isOpen()) {
        throw new IOException("the socket is closed");
      }
      CompletableFuture<Boolean> written = new CompletableFuture<>();
      message.start(
          open, Callback.from(() -> written.complete(true), written::completeExceptionally));
      try {
        written.get();
      } catch (ExecutionException e) {
        throw new IOException("the peer went away: " + e.getCause(), e);
      } catch (InterruptedException e) {
        // A part of the message may be sent and its bytes are the caller's again.
        open.disconnect();
        throw e;
      }
    } finally {
      sending.unlock();
    }
  }

  @Override
  public void close(int code, String reason) {
    Closing mine = new Closing(code, cut(reason));
    Session open;
    synchronized (this) {
      if (closing != null || gone) {
        return;
      }
      closing = mine;
      open = session;
    }
    ended();
    if (open != null) {
      close(open, mine);
    }
  }

  private void close(Session open, Closing how) {
    synchronized (this) {
      cutLater();
    }
    open.close(how.code, how.reason, Callback.NOOP);
  }

  /** Ends the connection of a peer that does not go on with the close. */
  private void cutLater() {
    Session open = session;
    if (cut == null && open != null) {
      cut = scheduler.schedule(open::disconnect, CLOSE_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Ends the connection at once. */
  void disconnect() {
    Session open = session();
    if (open != null) {
      open.disconnect();
    }
  }

  /** Gives back what the handler did not receive, when it has returned. */
  void handled() {
    if (inbox.clear()) {
      readOn();
    }
  }

  private synchronized @Nullable Session session() {
    return session;
  }

  @Override
  public synchronized boolean isOpen() {
    return session != null && closing == null && !gone;
  }

  @Override
  public void onClose(Runnable callback) {
    synchronized (this) {
      if (closing == null && !gone) {
        callbacks.add(callback);
        return;
      }
    }
    callback.run();
  }

  private void ended() {
    List<Runnable> all;
    synchronized (this) {
      all = List.copyOf(callbacks);
      callbacks.clear();
    }
    try {
      all.forEach(Runnable::run);
    } finally {
      inbox.end();
    }
  }

  /** The longest beginning of a text that a close frame has room for. */
  static String cut(String reason) {
    CharsetEncoder encoder =
        StandardCharsets.UTF_8
            .newEncoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    ByteBuffer bytes = ByteBuffer.allocate(REASON_BYTES);
    encoder.encode(CharBuffer.wrap(reason), bytes, true);
    return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
  }
}
