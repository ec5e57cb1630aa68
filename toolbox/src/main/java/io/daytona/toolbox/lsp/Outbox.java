package io.daytona.toolbox.lsp;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What is to be written to a server's standard input. A thread of its own writes, so that a server
 * which does not read never makes anybody wait.
 */
final class Outbox implements AutoCloseable {
  private final AgentProcess process;
  private final MessageMemory memory;
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private long held;
  private boolean closed;

  /**
   * @param process the server
   * @param memory where waiting messages come from
   */
  Outbox(AgentProcess process, MessageMemory memory) {
    this.process = process;
    this.memory = memory;
  }

  /** Puts a message in; false when too much waits already. */
  synchronized boolean offer(byte[] message) {
    if (closed) {
      return true;
    }
    if (!memory.take(message.length)) {
      return false;
    }
    held += message.length;
    waiting.add(message);
    notifyAll();
    return true;
  }

  /** Writes until it is closed or the server has gone. */
  void run() throws InterruptedException {
    try {
      for (byte[] message = next(); message != null; message = next()) {
        process.write(message, 0, message.length);
        written(message.length);
      }
    } catch (AgentException e) {
      // The reader of the same stream meets the same and says what it means.
      close();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    waiting.clear();
    memory.give(held);
    held = 0;
    notifyAll();
  }

  private synchronized byte @Nullable [] next() throws InterruptedException {
    while (waiting.isEmpty() && !closed) {
      wait();
    }
    return waiting.poll();
  }

  private synchronized void written(int bytes) {
    if (!closed) {
      held -= bytes;
      memory.give(bytes);
    }
  }
}
