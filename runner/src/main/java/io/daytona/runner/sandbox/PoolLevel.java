package io.daytona.runner.sandbox;

import io.daytona.runner.jailer.JailerClient;
import org.jspecify.annotations.Nullable;

/** The jailer's levels, asked at most once a second. */
final class PoolLevel {
  private static final long FRESH_NANOS = 1_000_000_000L;

  private final JailerClient jailer;
  private JailerClient.@Nullable Hello known;
  private long askedAt;

  PoolLevel(JailerClient jailer) {
    this.jailer = jailer;
  }

  synchronized JailerClient.Hello current() {
    JailerClient.Hello hello = known;
    if (hello == null || System.nanoTime() - askedAt > FRESH_NANOS) {
      hello = jailer.hello();
      known = hello;
      askedAt = System.nanoTime();
    }
    return hello;
  }
}
