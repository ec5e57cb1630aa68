package io.daytona.http.limit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What one limiter has counted: for each whom it counts a window that begins with the first thing
 * counted and is forgotten when it ends. When there are too many, those of the rarely seen are
 * forgotten early, so that many addresses cost a bounded amount of memory.
 */
final class Windows {
  /** They take about 4 MB of a heap of 256. */
  static final int MOST = 20_000;

  private final LongSupplier nanos;
  private final Cache<Key, Window> windows;

  /**
   * Whose window; other limits begin another one.
   *
   * @param subject address or organization
   * @param limit what is allowed
   */
  private record Key(String subject, RateLimit limit) {
    Duration length() {
      return Duration.ofSeconds(limit.ttl());
    }
  }

  private record Window(long end, AtomicLong counted) {}

  /**
   * No windows yet.
   *
   * @param nanos clock that only goes forward, such as {@link System#nanoTime}
   */
  Windows(LongSupplier nanos) {
    this.nanos = nanos;
    windows =
        Caffeine.newBuilder()
            .maximumSize(MOST)
            .expireAfter(Expiry.creating((Key key, Window window) -> key.length()))
            .ticker(nanos::getAsLong)
            // Whoever adds a window also clears up, so that adding cannot outrun it.
            .executor(Runnable::run)
            .build();
  }

  /** Counts once more, also beyond the limit. */
  Standing count(String subject, RateLimit limit) {
    Window window = windows.get(new Key(subject, limit), this::begin);
    return standing(limit, window, window.counted().incrementAndGet());
  }

  /** Where somebody stands; empty when nothing has been counted in this window. */
  Optional<Standing> look(String subject, RateLimit limit) {
    return Optional.ofNullable(windows.getIfPresent(new Key(subject, limit)))
        .map(window -> standing(limit, window, window.counted().get()));
  }

  /** How many windows are remembered. */
  long size() {
    windows.cleanUp();
    return windows.estimatedSize();
  }

  private Window begin(Key key) {
    return new Window(
        nanos.getAsLong() + TimeUnit.SECONDS.toNanos(key.limit().ttl()), new AtomicLong());
  }

  private Standing standing(RateLimit limit, Window window, long counted) {
    return new Standing(limit, counted, window.end() - nanos.getAsLong());
  }
}
