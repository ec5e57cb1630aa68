package io.daytona.toolbox.session;

import io.daytona.http.SocketEndpoint;
import io.daytona.http.WebSocket;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.toolbox.session.log.LogFrames;
import io.daytona.toolbox.session.log.LogReader;
import io.daytona.toolbox.session.log.LogRecord;
import java.io.IOException;

/** A log over a WebSocket (toolbox protocol §3.5), closed with 1000 at its end. */
final class LogSocket implements SocketEndpoint.Conversation {
  private final CommandLog log;
  private final LogReader reader;
  private final boolean follow;
  private final boolean marked;

  /**
   * @param follow whether to go on until the command has ended
   * @param marked whether lines have markers
   */
  LogSocket(CommandLog log, boolean follow, boolean marked) {
    this.log = log;
    this.follow = follow;
    this.marked = marked;
    try {
      this.reader = follow ? log.follow() : log.snapshot();
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  @Override
  public void run(WebSocket socket) throws IOException, InterruptedException {
    // Closing a reader tells the agent, for which the caller must not wait.
    socket.onClose(() -> Thread.ofVirtual().name("log-close").start(reader::close));
    try (log;
        reader) {
      send(socket);
      if (follow) {
        log.awaitExit();
      }
      socket.close(WebSocket.NORMAL, "");
    } catch (AgentException e) {
      socket.close(WebSocket.GOING_AWAY, "the sandbox went away");
    } catch (IOException e) {
      if (socket.isOpen()) {
        throw e;
      }
    }
  }

  private void send(WebSocket socket) throws IOException, InterruptedException {
    LogFrames frames = new LogFrames(socket::send, marked);
    while (true) {
      LogRecord line = reader.next(false);
      if (line == null) {
        frames.flush();
        line = reader.next(true);
      }
      if (line == null) {
        return;
      }
      frames.add(line);
    }
  }

  @Override
  public void discard() {
    reader.close();
    log.close();
  }
}
