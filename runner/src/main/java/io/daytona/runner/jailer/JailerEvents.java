package io.daytona.runner.jailer;

import io.daytona.wire.runner.ExitCause;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscription to the jailer's events that outlives the jailer. */
public final class JailerEvents implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JailerEvents.class);

  /** Three beats: one may be late on a busy host. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(1);

  private final JailerLink link;
  private final Listener listener;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable JailerConnection current;

  JailerEvents(JailerLink link, Listener listener) {
    this.link = link;
    this.listener = listener;
    this.thread = Thread.ofVirtual().name("jailer-events").start(this::follow);
  }

  /** Hears the events; called by one thread, which must not be held up. */
  public interface Listener {
    /**
     * The subscription stands, for the first time or again: ends from now on are reported, earlier
     * ones may have been missed.
     */
    void subscribed();

    /** The first process of a sandbox ended, whoever ended it. */
    void exited(String sandbox, ExitCause cause);
  }

  private void follow() {
    Duration pause = FIRST_PAUSE;
    while (closing.getCount() > 0) {
      try (JailerConnection connection = link.open()) {
        current = connection;
        connection.send("events");
        next(connection);
        pause = FIRST_PAUSE;
        listener.subscribed();
        while (closing.getCount() > 0) {
          if (next(connection) instanceof Event.Exited exited) {
            listener.exited(exited.sandbox(), exited.cause());
          }
        }
      } catch (IOException | JailerException e) {
        LOG.debug("the event stream of the jailer broke", e);
      }
      if (waitedInVain(pause)) {
        return;
      }
      pause = pause.multipliedBy(2).compareTo(MAX_PAUSE) < 0 ? pause.multipliedBy(2) : MAX_PAUSE;
    }
  }

  private Event next(JailerConnection connection) throws IOException {
    try (Watchdog.Guard _ = link.watchdog().over(connection, SILENCE)) {
      String line = connection.receive();
      if (line.startsWith("error ")) {
        Answer.parse(line);
      }
      return Event.parse(line);
    }
  }

  private boolean waitedInVain(Duration pause) {
    try {
      return closing.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  @Override
  public void close() {
    closing.countDown();
    JailerConnection connection = current;
    if (connection != null) {
      connection.close();
    }
    thread.interrupt();
  }
}
