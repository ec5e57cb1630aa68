package io.daytona.wire.failpoint;

import java.util.concurrent.atomic.AtomicInteger;

/** Halts the process at one named place. */
final class HaltingFailpoints implements Failpoints {
  private static final int STATUS_LIKE_SIGKILL = 137;

  private final String armed;
  private final AtomicInteger left;

  HaltingFailpoints(String armed, int count) {
    this.armed = armed;
    this.left = new AtomicInteger(count);
  }

  @Override
  public void pass(String name) {
    if (name.equals(armed) && left.decrementAndGet() == 0) {
      Runtime.getRuntime().halt(STATUS_LIKE_SIGKILL);
    }
  }
}
