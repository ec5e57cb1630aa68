package io.daytona.http;

/** Hears when an authenticated request begins and when its last byte has been written. */
@FunctionalInterface
public interface RequestObserver {
  /** Hears nothing. */
  RequestObserver NONE = (call, endpoint) -> () -> {};

  /**
   * A request was let in; called on its thread before the body is read.
   *
   * @return runs once on the same thread, when the reply has been written or has failed
   */
  Runnable started(Call<?> call, Endpoint<?, ?> endpoint);
}
