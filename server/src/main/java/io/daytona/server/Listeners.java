package io.daytona.server;

import io.daytona.http.HttpServer;
import org.jspecify.annotations.Nullable;

/**
 * Both listeners; they stop side by side, so that stopping takes no longer than one of them.
 *
 * @param api the API's
 * @param proxy the toolbox proxy's
 */
record Listeners(HttpServer api, HttpServer proxy) implements AutoCloseable {
  /** See {@link HttpServer#drain}. */
  void drain(@Nullable String pass) {
    proxy.drain(pass);
    api.drain(pass);
  }

  /** See {@link HttpServer#resume}. */
  void resume() {
    api.resume();
    proxy.resume();
  }

  /** See {@link HttpServer#hurry}. */
  void hurry() {
    api.hurry();
    proxy.hurry();
  }

  /** Requests and WebSockets that run. */
  int running() {
    return api.runningRequests()
        + proxy.runningRequests()
        + api.openSockets()
        + proxy.openSockets();
  }

  @Override
  public void close() {
    // Both before the first of them is waited for; one with nothing to do goes on answering.
    drain(null);
    beside(proxy::settle, api::settle);
    beside(proxy::close, api::close);
  }

  private static void beside(Runnable one, Runnable other) {
    Thread thread = Thread.ofVirtual().start(one);
    other.run();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
