package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KeyedLocksTest {

  @Test
  void letsOneHolderOfAKeyInAtATime() throws Exception {
    KeyedLocks locks = new KeyedLocks();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Thread[] threads = new Thread[16];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofVirtual()
              .start(() -> {
                for (int n = 0; n < 200; n++) {
                  try (KeyedLocks.Hold _ = locks.hold("k")) {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    Thread.onSpinWait();
                    inside.decrementAndGet();
                  }
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, most.get());
    assertEquals(0, locks.size());
  }

  @Test
  void holdsUpNobodyOfAnotherKey() throws Exception {
    KeyedLocks locks = new KeyedLocks();
    CountDownLatch passed = new CountDownLatch(1);
    try (KeyedLocks.Hold _ = locks.hold("a")) {
      Thread.ofVirtual()
          .start(() -> {
            try (KeyedLocks.Hold _ = locks.hold("b")) {
              passed.countDown();
            }
          });
      assertTrue(passed.await(20, TimeUnit.SECONDS));
    }
  }
}
