package io.daytona.toolbox.terminal;

import io.daytona.http.WebSocket;
import io.daytona.http.WebSocket.Message;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentInput;
import io.daytona.toolbox.error.AgentErrors;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Types what a client sends into its terminal, as fast as the program there reads. */
final class TerminalKeyboard {
  private static final Logger LOG = LoggerFactory.getLogger(TerminalKeyboard.class);
  private static final Duration LONG = Duration.ofDays(1);

  /** How long typing goes on for a client that has left. */
  private static final Duration AFTERMATH = Duration.ofSeconds(5);

  /** Largest message (toolbox protocol §4.2). */
  private static final int MAX_MESSAGE_BYTES = 64 << 10;

  private static final int MESSAGE_TOO_BIG = 1009;

  private final Attachment attachment;
  private final WebSocket socket;
  private final Thread thread;
  private @Nullable AgentInput input;
  private boolean givenUp;

  private TerminalKeyboard(Attachment attachment, WebSocket socket) {
    this.attachment = attachment;
    this.socket = socket;
    this.thread = Thread.ofVirtual().name("terminal-keyboard").unstarted(this::type);
  }

  /** Begins to receive. */
  static TerminalKeyboard start(Attachment attachment, WebSocket socket) {
    TerminalKeyboard keyboard = new TerminalKeyboard(attachment, socket);
    keyboard.thread.start();
    return keyboard;
  }

  /** Ends when everything that was received has been typed, or when that takes too long. */
  void finish() throws InterruptedException {
    try {
      thread.join(AFTERMATH);
    } finally {
      giveUp();
    }
    thread.join();
  }

  private void type() {
    try {
      if (attachment.redraw()) {
        attachment.terminals().redraw(attachment.terminal());
      }
      AgentInput into = attachment.terminals().agent().feed(attachment.terminal().process());
      try (into) {
        if (opened(into)) {
          type(into);
        }
      }
    } catch (AgentException e) {
      LOG.debug("a terminal takes no input: cause={}", e.getMessage());
      // A lost connection is for the output to say, and an ended terminal too.
      if (AgentErrors.isUnavailable(e) && !e.code().equals(AgentException.LOST)) {
        socket.close(WebSocket.SERVER_ERROR, "the terminal takes no input now; connect again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void type(AgentInput into) throws InterruptedException {
    while (true) {
      byte[] bytes =
          switch (next()) {
            case null -> null;
            case Message.Text(String text) -> text.getBytes(StandardCharsets.UTF_8);
            case Message.Binary(byte[] binary) -> binary;
          };
      if (bytes == null) {
        return;
      }
      if (bytes.length > MAX_MESSAGE_BYTES) {
        socket.close(
            MESSAGE_TOO_BIG, "a message must not be larger than " + MAX_MESSAGE_BYTES + " bytes");
        return;
      }
      into.write(bytes, 0, bytes.length);
    }
  }

  /** The next message; null when none will come. */
  private @Nullable Message next() throws InterruptedException {
    while (true) {
      Message message = socket.receive(LONG);
      if (message != null || !socket.isOpen()) {
        return message;
      }
    }
  }

  private synchronized boolean opened(AgentInput into) {
    input = into;
    return !givenUp;
  }

  /** Ends a write that waits for a program that does not read. */
  private void giveUp() {
    AgentInput into;
    synchronized (this) {
      givenUp = true;
      into = input;
    }
    if (into != null) {
      into.close();
    }
  }
}
