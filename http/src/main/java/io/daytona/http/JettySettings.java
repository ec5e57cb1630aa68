package io.daytona.http;

import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.concurrent.Executors;
import jdk.net.ExtendedSocketOptions;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Jetty as this platform wants it. */
final class JettySettings {
  // Acceptor, selectors and the producers that hand requests to virtual threads; requests never
  // run on these, so the number does not bound them.
  private static final int PLATFORM_THREADS = 24;
  private static final int PROBE_AFTER_SECONDS = 60;
  private static final int PROBE_EVERY_SECONDS = 15;
  private static final int PROBES = 4;
  private static final Logger LOG = LoggerFactory.getLogger(JettySettings.class);
  private static final int OUTPUT_BUFFER_BYTES = 32 << 10;
  private static final int INPUT_BUFFER_BYTES = 32 << 10;

  private JettySettings() {}

  /** Platform threads for the selectors, one virtual thread for each request. */
  static QueuedThreadPool threads(String name) {
    QueuedThreadPool pool = new QueuedThreadPool(PLATFORM_THREADS, 4);
    pool.setName(name);
    pool.setDaemon(true);
    pool.setVirtualThreadsExecutor(
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name + "-", 0).factory()));
    return pool;
  }

  /** Limits, and URIs taken as they are: each path segment is decoded by itself after routing. */
  static void configure(HttpConfiguration http, HttpConfig config) {
    http.setUriCompliance(
        UriCompliance.UNSAFE.without(
            "daytona", UriCompliance.Violation.USER_INFO, UriCompliance.Violation.FRAGMENT));
    http.setRequestHeaderSize(config.headerBytes());
    http.setResponseHeaderSize(config.headerBytes());
    http.setMaxResponseHeaderSize(config.headerBytes());
    http.setOutputBufferSize(OUTPUT_BUFFER_BYTES);
    http.setInputBufferSize(INPUT_BUFFER_BYTES);
    http.setIdleTimeout(config.requestIdleSeconds() * 1000L);
    http.setSendServerVersion(false);
    http.setSendDateHeader(true);
  }

  /** The listener of a server. */
  static ServerConnector connector(Server server, HttpConfiguration http, HttpConfig config) {
    ServerConnector connector =
        // Strangers must not take the descriptors that the rest of the process needs.
        new BoundedConnector(server, new HttpConnectionFactory(http), config.maxConnections()) {
          @Override
          protected void configure(Socket socket) {
            super.configure(socket);
            probe(socket);
          }
        };
    connector.setIdleTimeout(config.keepAliveSeconds() * 1000L);
    connector.setAcceptQueueSize(1024);
    connector.setReuseAddress(true);
    return connector;
  }

  /** Lets the kernel find out that a client is gone, however long a reply or socket is silent. */
  private static void probe(Socket socket) {
    try {
      socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, PROBE_AFTER_SECONDS);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, PROBE_EVERY_SECONDS);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, PROBES);
    } catch (IOException e) {
      LOG.debug("a connection cannot be probed", e);
    }
  }
}
