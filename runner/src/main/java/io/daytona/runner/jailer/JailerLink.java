package io.daytona.runner.jailer;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pooled connections to the jailer, and repetition: a verb whose connection broke is asked again on
 * a new one, because the jailer may have been killed and every verb may be repeated.
 */
final class JailerLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JailerLink.class);
  private static final int MAX_IDLE = 16;
  private static final long FIRST_PAUSE_MILLIS = 5;
  private static final long MAX_PAUSE_MILLIS = 250;
  private static final int MAX_RENEWALS = 3;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final Path socket;
  private final Duration patience;
  private final Watchdog watchdog = new Watchdog();
  private final ConcurrentLinkedDeque<JailerConnection> idle = new ConcurrentLinkedDeque<>();
  private final AtomicInteger idleCount = new AtomicInteger();
  private volatile boolean closed;

  /**
   * @param socket the jailer's socket
   * @param patience how long a verb is repeated before it fails with 503
   */
  JailerLink(Path socket, Duration patience) {
    this.socket = socket;
    this.patience = patience;
  }

  /** One request and its answer. */
  interface Exchange<T> {
    /**
     * Sends and receives.
     *
     * @param repeated whether an earlier attempt may have been carried out
     */
    T run(JailerConnection connection, boolean repeated) throws IOException;
  }

  /**
   * Carries an exchange out on a pooled connection.
   *
   * @param limit bound of one attempt
   * @throws JailerException when the jailer refuses
   * @throws DaytonaException 503 when it does not answer
   */
  <T> T exchange(Duration limit, Exchange<T> exchange) {
    long end = System.nanoTime() + patience.toNanos();
    for (int attempt = 0; ; attempt++) {
      JailerConnection connection = null;
      try {
        connection = attempt == 0 ? pooled() : JailerConnection.open(socket);
        T result;
        try (Watchdog.Guard _ = watchdog.over(connection, limit)) {
          result = exchange.run(connection, attempt > 0);
        } catch (JailerException e) {
          giveBack(connection);
          throw e;
        } catch (RuntimeException e) {
          connection.close();
          throw e;
        }
        giveBack(connection);
        return result;
      } catch (IOException e) {
        discard(connection);
        pauseOrFail(attempt, end, e);
      }
    }
  }

  /**
   * Carries an exchange that may take minutes out on a connection of its own, which is closed
   * afterwards. An attempt that broke after a long time earns new patience, three times.
   */
  <T> T exchangeAlone(Duration limit, Exchange<T> exchange) {
    long end = System.nanoTime() + patience.toNanos();
    int renewals = 0;
    for (int attempt = 0; ; attempt++) {
      long begun = System.nanoTime();
      try (JailerConnection connection = JailerConnection.open(socket);
          Watchdog.Guard _ = watchdog.over(connection, limit)) {
        return exchange.run(connection, attempt > 0);
      } catch (IOException e) {
        if (System.nanoTime() - begun > patience.toNanos() && renewals++ < MAX_RENEWALS) {
          end = System.nanoTime() + patience.toNanos();
        }
        pauseOrFail(attempt, end, e);
      }
    }
  }

  /** A connection of its own, for the caller to close. */
  JailerConnection open() throws IOException {
    return JailerConnection.open(socket);
  }

  Watchdog watchdog() {
    return watchdog;
  }

  boolean isClosed() {
    return closed;
  }

  private JailerConnection pooled() throws IOException {
    JailerConnection connection = idle.pollFirst();
    if (connection == null) {
      return JailerConnection.open(socket);
    }
    idleCount.decrementAndGet();
    return connection;
  }

  private void giveBack(JailerConnection connection) {
    if (closed || idleCount.incrementAndGet() > MAX_IDLE) {
      if (!closed) {
        idleCount.decrementAndGet();
      }
      connection.close();
      return;
    }
    idle.addFirst(connection);
    if (closed) {
      closeIdle();
    }
  }

  private void discard(@Nullable JailerConnection connection) {
    if (connection != null) {
      connection.close();
    }
    // One broken connection means a killed jailer, and with it all of them.
    closeIdle();
  }

  private void closeIdle() {
    for (JailerConnection c = idle.pollFirst(); c != null; c = idle.pollFirst()) {
      idleCount.decrementAndGet();
      c.close();
    }
  }

  private void pauseOrFail(int attempt, long end, IOException cause) {
    if (closed || Thread.currentThread().isInterrupted()) {
      throw unavailable(cause);
    }
    if (attempt == 0) {
      // Always once more: a pooled connection may have broken long ago.
      LOG.debug("the connection to the jailer broke, asking again", cause);
      return;
    }
    if (System.nanoTime() - end >= 0) {
      throw unavailable(cause);
    }
    try {
      Thread.sleep(Math.min(MAX_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(attempt, Byte.SIZE)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable(cause);
    }
  }

  private DaytonaException unavailable(IOException cause) {
    return new DaytonaException(
        ErrorKind.UNAVAILABLE,
        ErrorKind.UNAVAILABLE.code(),
        "The jailer of this host does not answer. Its supervisor restarts it; try again shortly",
        RETRY_AFTER,
        cause);
  }

  @Override
  public void close() {
    closed = true;
    closeIdle();
    watchdog.close();
  }
}
