package io.daytona.runner.upkeep;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers that carry out chores and give way to creates in flight.
 *
 * <p>A failing chore rests for 0.1 s, then twice as long each time up to 10 s; the others go on.
 */
public final class Upkeep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
  private static final Duration FIRST_REST = Duration.ofMillis(100);
  private static final Duration MAX_REST = Duration.ofSeconds(10);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition settled = lock.newCondition();
  private final List<Source> sources = new ArrayList<>();
  private final List<Thread> workers = new ArrayList<>();
  private int creates;
  private int working;
  private boolean scanned;
  private boolean closed;

  /** A chore and how it fares. */
  private static final class Source {
    private final Chore chore;
    private Duration rest = Duration.ZERO;
    private long restsUntil = System.nanoTime();

    Source(Chore chore) {
      this.chore = chore;
    }
  }

  /**
   * Starts the workers; called once.
   *
   * @param workers how many pieces of work are done at once, 1 or more
   * @param chores sources of work, the most urgent first
   */
  public void start(int workers, List<Chore> chores) {
    lock.lock();
    try {
      chores.forEach(chore -> sources.add(new Source(chore)));
      for (int i = 0; i < workers; i++) {
        this.workers.add(Thread.ofVirtual().name("upkeep-" + i).start(this::work));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Looks for work again; called when a chore may have some. */
  public void wake() {
    lock.lock();
    try {
      look();
    } finally {
      lock.unlock();
    }
  }

  private void look() {
    scanned = false;
    changed.signalAll();
  }

  /** A create is in flight until the returned mark is closed. */
  public InFlight create() {
    lock.lock();
    try {
      creates++;
    } finally {
      lock.unlock();
    }
    return this::createEnded;
  }

  private void createEnded() {
    lock.lock();
    try {
      creates--;
      look();
    } finally {
      lock.unlock();
    }
  }

  /** Marks a create in flight. */
  public interface InFlight extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Waits until there is nothing to do and nothing is being done.
   *
   * @return false when the time passed first
   */
  public boolean awaitIdle(Duration time) throws InterruptedException {
    long left = time.toNanos();
    lock.lockInterruptibly();
    try {
      while (!scanned || working > 0 || creates > 0 || resting()) {
        if (left <= 0) {
          return false;
        }
        left = settled.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean resting() {
    return sources.stream().anyMatch(source -> !source.rest.isZero());
  }

  private void work() {
    lock.lock();
    try {
      while (!closed) {
        if (!workOnce()) {
          changed.awaitNanos(untilRestEnds());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private boolean workOnce() {
    for (Source source : sources) {
      if (source.restsUntil - System.nanoTime() > 0) {
        continue;
      }
      Runnable task = source.chore.next(creates > 0);
      if (task != null) {
        perform(source, task);
        return true;
      }
      source.rest = Duration.ZERO;
    }
    scanned = true;
    settled.signalAll();
    return false;
  }

  private void perform(Source source, Runnable task) {
    working++;
    lock.unlock();
    RuntimeException failure = null;
    try {
      task.run();
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      lock.lock();
      working--;
    }
    rest(source, failure);
    look();
  }

  private void rest(Source source, @Nullable RuntimeException failure) {
    if (failure == null) {
      source.rest = Duration.ZERO;
      return;
    }
    Duration doubled = source.rest.multipliedBy(2);
    source.rest =
        source.rest.isZero() ? FIRST_REST : doubled.compareTo(MAX_REST) < 0 ? doubled : MAX_REST;
    source.restsUntil = System.nanoTime() + source.rest.toNanos();
    if (closed) {
      return;
    }
    LOG.warn(
        "{} failed, again in {} ms: {}",
        source.chore.name(),
        source.rest.toMillis(),
        failure.getMessage());
  }

  private long untilRestEnds() {
    long now = System.nanoTime();
    return sources.stream()
        .mapToLong(source -> source.restsUntil - now)
        .filter(left -> left > 0)
        .min()
        .orElse(TimeUnit.HOURS.toNanos(1));
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    workers.forEach(Thread::interrupt);
  }
}
