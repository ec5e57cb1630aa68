package io.daytona.server;

import io.daytona.http.HttpServer;

/**
 * Both listeners; they stop side by side, so that stopping takes no longer than one of them.
 *
 * @param api the API's
 * @param proxy the toolbox proxy's
 */
record Listeners(HttpServer api, HttpServer proxy) implements AutoCloseable {
  @Override
  public void close() {
    Thread other = Thread.ofVirtual().start(proxy::close);
    api.close();
    try {
      other.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
