package io.daytona.toolbox.process;

import io.daytona.http.WebSocket;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Standard input of a live execution. The client is told what the program has taken and sends no
 * more than a window ahead, so that a program which does not read holds up neither a signal nor the
 * news that the client has left.
 */
final class LiveInput {
  /** Bytes that the client may send before it is told that some were taken. */
  static final int WINDOW = 256 << 10;

  private static final Logger log = LoggerFactory.getLogger(LiveInput.class);
  private static final int HEADER = 1;

  private final AgentProcess process;
  private final WebSocket socket;
  private final BlockingQueue<byte[]> waiting = new LinkedBlockingQueue<>();
  private final AtomicInteger held = new AtomicInteger();

  LiveInput(AgentProcess process, WebSocket socket) {
    this.process = process;
    this.socket = socket;
  }

  /**
   * Takes a message: a byte 0, then input; nothing after it ends the input.
   *
   * @return false when it is none, or beyond the window
   */
  boolean offer(byte[] message) {
    if (message.length < HEADER || message[0] != 0) {
      return false;
    }
    return held.addAndGet(message.length - HEADER) <= WINDOW && waiting.offer(message);
  }

  /** Feeds the program until the input, the program or the client ends. */
  void feed() {
    try {
      while (true) {
        byte[] message = waiting.take();
        int size = message.length - HEADER;
        if (size == 0) {
          process.endInput();
          return;
        }
        process.write(message, HEADER, size);
        held.addAndGet(-size);
        socket.send("{\"taken\":" + size + "}");
      }
    } catch (AgentException | IOException e) {
      log.debug("input of a live execution ends: cause={}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
