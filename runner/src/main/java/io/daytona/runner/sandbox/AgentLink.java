package io.daytona.runner.sandbox;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The connection to one sandbox's agent that all requests share; made again when it broke. */
final class AgentLink implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Path socket;
  private final AgentConnector connector;
  private final ReentrantLock connecting = new ReentrantLock();
  private volatile @Nullable Agent current;
  private volatile boolean closed;
  private @Nullable AgentException failure;
  private long failedAt;

  AgentLink(Path socket, AgentConnector connector) {
    this.socket = socket;
    this.connector = connector;
  }

  /**
   * The open connection, or a new one.
   *
   * @throws DaytonaException 503 when the agent does not answer within 2 s; the same at once for
   *     those who ask within the next second, so that they do not queue up
   */
  Agent agent() {
    Agent agent = current;
    if (agent != null && agent.isOpen()) {
      return agent;
    }
    connecting.lock();
    try {
      agent = current;
      if (agent != null && agent.isOpen()) {
        return agent;
      }
      AgentException earlier = failure;
      if (earlier != null && System.nanoTime() - failedAt < RETRY_AFTER.toNanos()) {
        throw unavailable(earlier);
      }
      return connect(CONNECT);
    } catch (AgentException e) {
      failure = e;
      failedAt = System.nanoTime();
      throw unavailable(e);
    } finally {
      connecting.unlock();
    }
  }

  /** Connects anew; the first time, before anybody else knows of the link. */
  Agent connect(Duration timeout) {
    Agent agent = connector.connect(socket, timeout);
    current = agent;
    if (closed) {
      agent.close();
    }
    return agent;
  }

  private static DaytonaException unavailable(AgentException cause) {
    return new DaytonaException(
        ErrorKind.UNAVAILABLE,
        ErrorKind.UNAVAILABLE.code(),
        "The agent of the sandbox does not answer. Try again, or stop and start the sandbox",
        RETRY_AFTER,
        cause);
  }

  @Override
  public void close() {
    closed = true;
    Agent agent = current;
    if (agent != null) {
      agent.close();
    }
  }
}
