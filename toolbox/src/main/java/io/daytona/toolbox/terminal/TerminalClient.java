package io.daytona.toolbox.terminal;

import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.http.WebSocket;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess.Output;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client of one terminal (toolbox protocol §4.2, §4.3). */
final class TerminalClient implements Conversation {
  private static final Logger LOG = LoggerFactory.getLogger(TerminalClient.class);
  private static final Duration LONG = Duration.ofDays(1);

  /** Largest binary message. */
  private static final int FRAME_BYTES = 32 << 10;

  private final Attachment attachment;
  private final Manner manner;
  private final SlowConsumers slow;
  private boolean ended;

  /**
   * @param attachment where output comes from; closed when this ends
   */
  TerminalClient(Attachment attachment, Manner manner, SlowConsumers slow) {
    this.attachment = attachment;
    this.manner = manner;
    this.slow = slow;
  }

  /**
   * What a client is used to.
   *
   * @param exitControl whether it wants to hear of the end by a control message
   * @param delayMillis time it needs between the handshake and the first message
   */
  record Manner(boolean exitControl, long delayMillis) {}

  @Override
  public void discard() {
    attachment.close(false);
  }

  @Override
  public void run(WebSocket socket) throws IOException, InterruptedException {
    Pace pace = new Pace(socket);
    try {
      pause(manner.delayMillis());
      socket.send(TerminalControl.CONNECTED);
      TerminalKeyboard keyboard = TerminalKeyboard.start(attachment, socket);
      // Ends the wait for output that nobody is there to see.
      socket.onClose(() -> Thread.ofVirtual().start(attachment.output()::close));
      slow.add(pace);
      try {
        show(socket, pace);
      } finally {
        slow.remove(pace);
        // Only then does typing come to an end.
        socket.close(WebSocket.GOING_AWAY, "The terminal can be connected to again.");
        keyboard.finish();
      }
    } finally {
      attachment.close(ended);
    }
  }

  /** Gives a client the time it needs between the handshake and the first message. */
  static void pause(long millis) throws InterruptedException {
    if (millis > 0) {
      TimeUnit.MILLISECONDS.sleep(millis);
    }
  }

  private void show(WebSocket socket, Pace pace) throws IOException, InterruptedException {
    try {
      // The first byte of what was asked from the middle may not be the first of a character.
      boolean cut = attachment.redraw() && attachment.output().offset() > 0;
      while (true) {
        switch (attachment.output().next(LONG)) {
          case Output.Chunk(int channel, byte[] bytes) -> {
            int from = cut ? characterStart(bytes) : 0;
            cut = false;
            pace.send(bytes, from);
          }
          case Output.Exit(int status) -> {
            ended = true;
            exit(socket, status);
            return;
          }
          case Output.End end -> {}
          case null -> {}
        }
      }
    } catch (AgentException e) {
      lost(socket, e);
    } catch (IOException e) {
      LOG.debug("a client of a terminal went away: {}", e.getMessage());
    }
  }

  private void exit(WebSocket socket, int status) throws IOException, InterruptedException {
    boolean deleted = attachment.terminals().isDeleted(attachment.terminal().process());
    TerminalExit exit = TerminalExit.of(status, deleted);
    if (manner.exitControl()) {
      socket.send(exit.control());
    }
    socket.close(exit.closeCode(), exit.closeReason());
  }

  private static void lost(WebSocket socket, AgentException e) {
    if (!socket.isOpen()) {
      return;
    }
    if (e.code().equals(AgentException.OVERRUN)) {
      socket.close(WebSocket.POLICY_VIOLATION, TerminalControl.SLOW_CONSUMER);
    } else {
      LOG.info("the output of a terminal was lost: cause={}", e.getMessage());
      socket.close(WebSocket.SERVER_ERROR, "the connection to the sandbox was lost");
    }
  }

  /** How many bytes belong to a character that began before. */
  private static int characterStart(byte[] bytes) {
    int at = 0;
    while (at < 3 && at < bytes.length && (bytes[at] & 0xC0) == 0x80) {
      at++;
    }
    return at;
  }

  /** Sends output and tells whether the client takes it. */
  private final class Pace implements SlowConsumers.Consumer {
    /** How long a message may wait before the client counts as stuck. */
    private static final long PATIENCE_NANOS = 1_000_000_000L;

    /** 256 pieces of what a terminal gives at once (toolbox protocol §4.2). */
    private static final long MOST_BEHIND = 256 * 4096L;

    private final WebSocket socket;
    private final AtomicBoolean asking = new AtomicBoolean();

    /** When the message was begun that is being sent; 0 while there is none. */
    private volatile long since;

    private volatile int unsent;

    private Pace(WebSocket socket) {
      this.socket = socket;
    }

    private void send(byte[] bytes, int from) throws IOException, InterruptedException {
      for (int at = from; at < bytes.length; at += FRAME_BYTES) {
        unsent = bytes.length - at;
        since = System.nanoTime() | 1;
        socket.send(bytes, at, Math.min(FRAME_BYTES, bytes.length - at));
      }
      since = 0;
    }

    @Override
    public void look() {
      long begun = since;
      if (begun != 0
          && System.nanoTime() - begun > PATIENCE_NANOS
          && socket.isOpen()
          && asking.compareAndSet(false, true)) {
        Thread.ofVirtual().start(() -> askAbout(begun));
      }
    }

    /** Closes when the client takes nothing and a lot waits for it. */
    private void askAbout(long begun) {
      try {
        long end = attachment.terminals().end(attachment.terminal().process());
        long behind = end - attachment.output().offset() + unsent;
        if (behind > MOST_BEHIND && since == begun) {
          socket.close(WebSocket.POLICY_VIOLATION, TerminalControl.SLOW_CONSUMER);
        }
      } catch (AgentException e) {
        LOG.debug("the end of a terminal's output is not known: cause={}", e.getMessage());
      } finally {
        asking.set(false);
      }
    }
  }
}
