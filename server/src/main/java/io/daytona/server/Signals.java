package io.daytona.server;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears SIGTERM more than once. The JVM itself hears only the first: from then on it waits for its
 * shutdown hooks.
 *
 * <p>By reflection, because the compiler warns of {@code sun.misc.Signal} with no way to say that
 * it is meant; the module {@code jdk.unsupported} supports it for want of anything else.
 */
final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);
  private static final int TERMINATED = 128 + 15;

  private Signals() {}

  /**
   * Ends the process when SIGTERM comes.
   *
   * @param again runs each further time
   */
  static void terminate(Runnable again) {
    AtomicBoolean first = new AtomicBoolean(true);
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object handling =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (!method.getName().equals("handle")) {
                  throw new UnsupportedOperationException(method.getName());
                }
                if (first.getAndSet(false)) {
                  Thread.ofPlatform().name("terminate").start(() -> System.exit(TERMINATED));
                } else {
                  again.run();
                }
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("TERM"), handling);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      LOG.warn("a second SIGTERM does not hurry the end: {}", e.toString());
    }
  }
}
