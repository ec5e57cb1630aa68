package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Reads the lines that a session's shell writes to its own standard output. */
final class ControlChannel {
  private static final Duration LONG = Duration.ofDays(1);
  private static final int LONGEST_LINE = 256;

  private final Agent agent;
  private final Listener listener;
  private final long known;
  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(LONGEST_LINE);

  /** Hears what the shell reports. Called by one thread. */
  interface Listener {
    /** A line. */
    void reported(String text);

    /** Some of what it reported was lost, because somebody else wrote faster than this reads. */
    void missed();

    /** The shell ended, with an exit code or minus a signal. */
    void ended(int status);

    /** The sandbox went away. */
    void lost(AgentException cause);
  }

  /**
   * @param known offset from which on everything is news
   */
  ControlChannel(Agent agent, Listener listener, long known) {
    this.agent = agent;
    this.listener = listener;
    this.known = known;
  }

  /** Reads until the shell ends. */
  void start(AgentProcess shell) {
    Thread.ofVirtual().name("session-control").start(() -> read(shell));
  }

  /** Completes when everything that was known before has been heard. */
  CompletableFuture<Void> caughtUp() {
    return caughtUp;
  }

  private void read(AgentProcess shell) {
    AgentProcess stream = shell;
    try {
      while (stream != null) {
        stream = readOn(stream);
      }
    } catch (AgentException e) {
      listener.lost(e);
    } catch (InterruptedException e) {
      listener.lost(new AgentException(0, AgentException.LOST, "the reader was interrupted"));
    } finally {
      caughtUp.complete(null);
    }
  }

  /** The stream to go on with; null at the end. */
  private @Nullable AgentProcess readOn(AgentProcess shell) throws InterruptedException {
    try (shell) {
      while (true) {
        if (shell.offset() >= known) {
          caughtUp.complete(null);
        }
        Output output = shell.next(LONG);
        if (output instanceof Output.Chunk chunk && chunk.channel() == 1) {
          take(chunk.bytes());
        } else if (output instanceof Output.Exit exit) {
          listener.ended(exit.status());
          return null;
        }
      }
    } catch (AgentException e) {
      if (!e.code().equals(AgentException.OVERRUN)) {
        throw e;
      }
      line.reset();
      AgentProcess next = agent.attach(shell.process(), shell.offset(), true);
      listener.missed();
      return next;
    }
  }

  private void take(byte[] bytes) {
    for (byte b : bytes) {
      if (b == '\n') {
        listener.reported(line.toString(StandardCharsets.UTF_8));
        line.reset();
      } else if (line.size() < LONGEST_LINE) {
        line.write(b);
      }
    }
  }
}
