package io.daytona.runner.sandbox;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

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
    Counted counted =
        locks.compute(
            key,
            (k, existing) -> {
              Counted c = existing == null ? new Counted() : existing;
              c.holders++;
              return c;
            });
    counted.lock.lock();
    return () -> {
      counted.lock.unlock();
      locks.compute(key, (k, c) -> c == null || --c.holders == 0 ? null : c);
    };
  }

  /** Keys that are held or awaited. */
  int size() {
    return locks.size();
  }
}
