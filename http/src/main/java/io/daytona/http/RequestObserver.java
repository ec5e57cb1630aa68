package io.daytona.http;

/**
 * Hears when an authenticated request begins and when its last byte has been written, or when its
 * WebSocket is closed.
 */
@FunctionalInterface
public interface RequestObserver {
  /** Hears nothing. */
  RequestObserver NONE = (call, route) -> () -> {};

  /**
   * A request was let in; called on its thread before the body is read.
   *
   * @return runs once, when the reply has been written or has failed or the socket is closed; must
   *     not block
   */
  Runnable started(Call<?> call, Route route);
}
