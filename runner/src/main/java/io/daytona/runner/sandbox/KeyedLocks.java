package io.daytona.runner.sandbox;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One lock per key, kept only while somebody holds or awaits it. */
final class KeyedLocks {
  private final ConcurrentHashMap<String, Counted> locks = new ConcurrentHashMap<>();

  private static final class Counted {
    private final ReentrantLock lock = new ReentrantLock(true);
    private int holders;
  }

  /** Ends the hold. */
  interface Hold extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits for the key's lock and holds it until the hold is closed. */
  Hold hold(String key) {
    Counted counted = counted(key);
    counted.lock.lock();
    return () -> {
      counted.lock.unlock();
      leave(key);
    };
  }

  /** Holds the key's lock if nobody else does; null when somebody does. */
  @Nullable Hold tryHold(String key) {
    Counted counted = counted(key);
    if (!counted.lock.tryLock()) {
      leave(key);
      return null;
    }
    return () -> {
      counted.lock.unlock();
      leave(key);
    };
  }

  private Counted counted(String key) {
    return locks.compute(
        key,
        (k, existing) -> {
          Counted c = existing == null ? new Counted() : existing;
          c.holders++;
          return c;
        });
  }

  private void leave(String key) {
    locks.compute(key, (k, c) -> c == null || --c.holders == 0 ? null : c);
  }

  /** Keys that are held or awaited. */
  int size() {
    return locks.size();
  }
}
