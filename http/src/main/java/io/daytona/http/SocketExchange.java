package io.daytona.http;

import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.util.Map;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket with what serves it. It is counted until both have ended: the connection and the
 * handler.
 */
final class SocketExchange {
  private static final Logger LOG = LoggerFactory.getLogger(SocketExchange.class);

  private static final FaultLog FAULTS = new FaultLog(LOG, System::nanoTime);

  private final Sockets sockets;
  private final Exchange exchange;
  private final JettySocket socket;
  private Runnable observed = () -> {};
  private @Nullable Conversation conversation;
  private Map<String, String> ids = Map.of();
  private @Nullable Thread handler;
  private boolean handled = true;
  private boolean disconnected;
  private boolean left;
  private Bulkhead.@Nullable Hold held;

  SocketExchange(Sockets sockets, Exchange exchange, Scheduler scheduler, BodyBudget budget) {
    this.sockets = sockets;
    this.exchange = exchange;
    this.socket =
        new JettySocket(scheduler, budget, sockets.messageTime(), this::opened, this::disconnected);
  }

  /** What Jetty talks to. */
  JettySocket endpoint() {
    return socket;
  }

  /**
   * Tells who the peer is, before the socket opens.
   *
   * @param place its place among the sockets, given back when it ends
   */
  synchronized void belongsTo(String organization, Bulkhead.Hold place) {
    socket.organization(organization);
    held = place;
  }

  /** Runs when the connection has ended. */
  synchronized void observed(Runnable finished) {
    observed = finished;
  }

  /** What serves the socket once it is open. */
  synchronized void conversation(Conversation prepared) {
    conversation = prepared;
    ids = LogContext.current();
  }

  private void opened(JettySocket open) {
    Conversation run;
    synchronized (this) {
      run = conversation;
      conversation = null;
      if (run == null) {
        return;
      }
      handled = false;
      Map<String, String> carried = ids;
      handler =
          Thread.ofVirtual()
              .name("socket-" + exchange.requestId())
              .unstarted(() -> converse(run, open, carried));
      handler.start();
    }
  }

  private void converse(Conversation run, JettySocket open, Map<String, String> carried) {
    LogContext.replace(carried);
    try {
      run.run(open);
      open.close(WebSocket.NORMAL, "");
    } catch (InterruptedException e) {
      open.close(WebSocket.GOING_AWAY, "The server is stopping.");
    } catch (IOException e) {
      LOG.debug("socket broke: path={}", exchange.loggedPath(), e);
      open.close(WebSocket.SERVER_ERROR, "The connection was lost.");
    } catch (DaytonaException e) {
      FAULTS.write(
          LogContext.sandbox(),
          () ->
              LOG.info(
                  "socket failed: path={} message={} cause={}",
                  exchange.loggedPath(),
                  e.sentence(),
                  e.getCause() == null ? "-" : FaultLog.causes(e.getCause())));
      open.close(WebSocket.SERVER_ERROR, e.sentence());
    } catch (RuntimeException | LinkageError | StackOverflowError | AssertionError e) {
      FAULTS.write(
          LogContext.sandbox(),
          () -> LOG.error("unexpected failure of a socket: path={}", exchange.loggedPath(), e));
      open.close(WebSocket.SERVER_ERROR, "An unexpected error occurred.");
    } finally {
      LogContext.end();
      synchronized (this) {
        handled = true;
      }
      leaveOnce();
      open.handled();
    }
  }

  /** The connection has ended, or never became a socket. */
  void disconnected() {
    Conversation unused;
    Runnable finished;
    synchronized (this) {
      disconnected = true;
      unused = conversation;
      conversation = null;
      finished = observed;
      observed = () -> {};
    }
    try {
      finished.run();
      if (unused != null) {
        unused.discard();
      }
    } finally {
      leaveOnce();
    }
  }

  private void leaveOnce() {
    synchronized (this) {
      if (left || !handled || !disconnected) {
        return;
      }
      left = true;
      if (held != null) {
        held.close();
      }
    }
    sockets.leave(this);
  }

  void close(int code, String reason) {
    socket.close(code, reason);
  }

  /** Ends connection and handler. */
  void abort() {
    socket.disconnect();
    Thread running;
    synchronized (this) {
      running = handler;
    }
    if (running != null) {
      running.interrupt();
    }
  }
}
