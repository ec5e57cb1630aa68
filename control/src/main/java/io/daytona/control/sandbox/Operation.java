package io.daytona.control.sandbox;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A change of one sandbox that is in progress; closing it lets the next one begin. */
final class Operation implements AutoCloseable {
  /** What is being done. */
  enum Kind {
    CREATE,
    START,
    STOP,
    DELETE,
    RECOVER
  }

  private final String sandboxId;
  private final Kind kind;
  private final Runnable release;
  private final CountDownLatch over = new CountDownLatch(1);

  Operation(String sandboxId, Kind kind, java.util.function.Consumer<Operation> release) {
    this.sandboxId = sandboxId;
    this.kind = kind;
    this.release = () -> release.accept(this);
  }

  String sandboxId() {
    return sandboxId;
  }

  Kind kind() {
    return kind;
  }

  /** Whether it is over, waiting for that a bounded time. */
  boolean overWithin(Duration time) throws InterruptedException {
    return over.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    release.run();
    over.countDown();
  }
}
