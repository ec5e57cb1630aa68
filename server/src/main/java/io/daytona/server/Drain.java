package io.daytona.server;

import io.daytona.control.ControlPlane;
import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code ./daytona down} asks for before it stops the sandboxes: no new work, and how much
 * still runs. Whoever asked is let in nevertheless, by a pass; when it does not go on, the platform
 * takes work again.
 */
final class Drain implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int PASS_BYTES = 24;

  private final CompletableFuture<Listeners> listeners;
  private final ControlPlane control;
  private final SecureRandom random = new SecureRandom();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("drain").daemon().factory());
  private @Nullable ScheduledFuture<?> end;

  /**
   * @param listeners what takes requests, once it does
   * @param control what lets creates and starts wait
   */
  Drain(CompletableFuture<Listeners> listeners, ControlPlane control) {
    this.listeners = listeners;
    this.control = control;
  }

  /**
   * Reply to who drains.
   *
   * @param pass value of {@code X-Daytona-Drain-Pass} that lets a request in
   * @param running requests and WebSockets that run, this one left out
   */
  record Begun(String pass, int running) {}

  /**
   * How far it is.
   *
   * @param running requests and WebSockets that run, this one left out
   */
  record Progress(int running) {}

  /** The rows, for administrators. */
  List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.post(
            "/drain",
            "drain",
            "Refuses new work for two minutes, but from whoever has the pass",
            Access.MEMBER,
            Void.class,
            Begun.class,
            200,
            call -> begin()),
        Endpoint.get(
            "/drain",
            "drainProgress",
            "How much still runs",
            Access.MEMBER,
            Progress.class,
            call -> new Progress(others())));
  }

  private synchronized Begun begin() {
    byte[] secret = new byte[PASS_BYTES];
    random.nextBytes(secret);
    String pass = HexFormat.of().formatHex(secret);
    LOG.info("taking no new work");
    listeners.join().drain(pass);
    control.drain();
    if (end != null) {
      end.cancel(false);
    }
    end = clock.schedule(this::resume, PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return new Begun(pass, others());
  }

  private int others() {
    return Math.max(0, listeners.join().running() - 1);
  }

  private void resume() {
    LOG.info("nobody has stopped the platform, taking work again");
    control.resume();
    listeners.join().resume();
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
