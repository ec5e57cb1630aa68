package io.daytona.http;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what would go on for nobody: replies whose clients have left, and endless ones when the
 * server stops.
 *
 * <p>Finds out that clients have left while nothing is read from them or written to them, which is
 * the only other way to hear of it. One thread looks at the kernel's table of connections now and
 * then, and only while a request has been silent for that long.
 */
final class Departures implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Departures.class);

  /** The table is read in parts and a connection may be missed once. */
  private static final int LOOKS_WITHOUT = 2;

  private final long everyNanos;
  private final Set<Watched> watched = ConcurrentHashMap.newKeySet();
  private final Set<Runnable> endless = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("http-departures").daemon().factory());

  /**
   * @param every time between two looks
   */
  Departures(Duration every) {
    this.everyNanos = every.toNanos();
    var _ = clock.scheduleWithFixedDelay(this::look, everyNanos, everyNanos, TimeUnit.NANOSECONDS);
  }

  /** See {@link Call#whenClientLeaves}; other addresses than those of the internet are ignored. */
  Call.Watch watch(SocketAddress local, SocketAddress remote, Runnable action) {
    if (!(local instanceof InetSocketAddress here) || !(remote instanceof InetSocketAddress peer)) {
      return () -> {};
    }
    Watched watch = new Watched(TcpTable.connection(here, peer), action);
    watched.add(watch);
    return watch;
  }

  /**
   * Runs an action when the server stops, unless the watch was closed before.
   *
   * @param action of the thread that closes the watch; may run more than once
   */
  Call.Watch untilStop(Runnable action) {
    endless.add(action);
    if (stopping) {
      action.run();
    }
    return () -> endless.remove(action);
  }

  /** The server stops: ends what has no end of its own. */
  void stop() {
    stopping = true;
    endless.forEach(Runnable::run);
  }

  /** Endless replies may begin again. */
  void resume() {
    stopping = false;
  }

  private void look() {
    try {
      long now = System.nanoTime();
      List<Watched> silent =
          watched.stream().filter(watch -> now - watch.since >= everyNanos).toList();
      if (!silent.isEmpty()) {
        TcpTable.established().ifPresent(open -> look(silent, open));
      }
    } catch (RuntimeException e) {
      // An exception that left here would end all further looks.
      LOG.warn("connections are not looked at", e);
    }
  }

  private void look(List<Watched> silent, Set<String> open) {
    for (Watched watch : silent) {
      watch.missed = open.contains(watch.connection) ? 0 : watch.missed + 1;
      if (watch.missed == LOOKS_WITHOUT && watched.remove(watch)) {
        LOG.debug("a client has left: {}", watch.connection);
        Thread.ofVirtual().name("http-departed").start(watch::left);
      }
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }

  private final class Watched implements Call.Watch {
    private final String connection;
    private final long since = System.nanoTime();

    /** Looks in a row that did not see the connection; only the looking thread changes it. */
    private int missed;

    private Optional<Runnable> pending;

    Watched(String connection, Runnable action) {
      this.connection = connection;
      this.pending = Optional.of(action);
    }

    private synchronized void left() {
      pending.ifPresent(Runnable::run);
      pending = Optional.empty();
    }

    @Override
    public void close() {
      watched.remove(this);
      synchronized (this) {
        pending = Optional.empty();
      }
    }
  }
}
