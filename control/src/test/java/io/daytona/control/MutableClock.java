package io.daytona.control;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A clock that tests put forward; it goes on by itself too, so that times differ. */
final class MutableClock extends Clock {
  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);

  private final AtomicReference<Duration> jumped = new AtomicReference<>(Duration.ZERO);

  private static final ThreadLocal<@Nullable Duration> AFTER_READ = new ThreadLocal<>();

  void advance(Duration duration) {
    ahead.updateAndGet(sum -> sum.plus(duration));
  }

  /** Somebody sets the clock: no time passes. */
  void jump(Duration duration) {
    jumped.updateAndGet(sum -> sum.plus(duration));
  }

  /** Somebody sets the clock right after this thread reads it next. */
  void jumpAfterNextRead(Duration duration) {
    AFTER_READ.set(duration);
  }

  /** Time that passes, in nanoseconds. */
  long nanos() {
    return System.nanoTime() + Objects.requireNonNull(ahead.get()).toNanos();
  }

  @Override
  public Instant instant() {
    Instant now = Instant.now().plus(ahead.get()).plus(jumped.get());
    Duration later = AFTER_READ.get();
    if (later != null) {
      AFTER_READ.remove();
      jump(later);
    }
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("tests use UTC");
  }
}
