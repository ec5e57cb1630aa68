package io.daytona.wire.admission;

import io.daytona.wire.error.DaytonaException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A bounded amount of something, such as turns or bytes, that organizations share. None has more
 * than its share; who finds nothing left waits, bounded in number and time.
 *
 * <p>Those who wait are served by organization in turn, each organization's in the order they came:
 * however many of one wait, another's first waits for one of them. A demand whose turn it is is not
 * overtaken by smaller ones.
 */
public final class Bulkhead {
  /** Wire code of a demand whose client left; nobody reads the reply. */
  public static final String LEFT = "CLIENT_LEFT";

  private final String name;
  private final String what;
  private final Limits limits;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Tenant> tenants = new HashMap<>();
  private final Deque<Tenant> turns = new ArrayDeque<>();
  private final Map<Refusal, Long> refused = new EnumMap<>(Refusal.class);
  private long used;
  private int waiting;
  private boolean draining;

  /**
   * All of it is free.
   *
   * @param name its name in metrics
   * @param what what there are too many of when it is full, in the plural
   */
  public Bulkhead(String name, String what, Limits limits) {
    this.name = name;
    this.what = what;
    this.limits = limits;
    for (Refusal reason : Refusal.values()) {
      refused.put(reason, 0L);
    }
  }

  /** Tells when somebody who waits is gone. */
  @FunctionalInterface
  public interface Caller {
    /** One who does not leave. */
    Caller STAYS = action -> () -> {};

    /**
     * Runs an action when the caller leaves.
     *
     * @param action must not block; not called after the watch was closed
     */
    Watch whenGone(Runnable action);
  }

  /** Ends a {@link Caller#whenGone}. */
  @FunctionalInterface
  public interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /** One organization's part. */
  private static final class Tenant {
    private final String id;
    private final Deque<Waiter> queue = new ArrayDeque<>();
    private long used;

    Tenant(String id) {
      this.id = id;
    }
  }

  /** A demand that is not met yet. */
  private static final class Waiter {
    private final Tenant tenant;
    private final long units;
    private final CountDownLatch settled = new CountDownLatch(1);
    private boolean granted;
    private @Nullable Refusal refusal;

    Waiter(Tenant tenant, long units) {
      this.tenant = tenant;
      this.units = units;
    }
  }

  /** How full it is now. */
  public Level level() {
    lock.lock();
    try {
      return new Level(name, used, limits.total(), waiting, limits.queue(), refused);
    } finally {
      lock.unlock();
    }
  }

  /** Refuses those who wait, and from now on everybody who would have to. */
  public void drain() {
    lock.lock();
    try {
      draining = true;
      for (Tenant tenant : turns) {
        tenant.queue.forEach(waiter -> settle(waiter, Refusal.STOPPING));
        tenant.queue.clear();
      }
      turns.clear();
      waiting = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Lets demands wait again after {@link #drain}. */
  public void resume() {
    lock.lock();
    try {
      draining = false;
    } finally {
      lock.unlock();
    }
  }

  /** An organization's part of it, empty at first. */
  public Hold hold(String organization) {
    return new Hold(organization);
  }

  /** What one request has taken; used by one thread at a time. */
  public final class Hold implements AutoCloseable {
    private final String organization;
    private long held;

    private Hold(String organization) {
      this.organization = organization;
    }

    /**
     * Takes more, waiting for it.
     *
     * @param caller who waits
     * @throws DaytonaException 503 or 429 with {@code Retry-After} when too many wait or the time
     *     is over; with the code {@link #LEFT} when the caller left
     */
    public void take(long units, Caller caller) throws InterruptedException {
      Waiter waiter = ask(organization, units);
      if (!waiter.granted) {
        try (Watch _ = caller.whenGone(() -> withdraw(waiter, Refusal.LEFT))) {
          await(waiter);
        }
      }
      held += units;
    }

    /** Takes more when it is free and nobody waits for it; never waits. */
    public boolean tryTake(long units) {
      boolean taken = takeNow(organization, units);
      held += taken ? units : 0;
      return taken;
    }

    /** Gives some back. */
    public void give(long units) {
      long back = Math.min(units, held);
      held -= back;
      if (back > 0) {
        release(organization, back);
      }
    }

    /** Gives all back. */
    @Override
    public void close() {
      give(held);
    }
  }

  /**
   * The error of a demand that {@link Hold#tryTake} did not meet.
   *
   * @param organization whose demand it was
   */
  public DaytonaException full(String organization) {
    lock.lock();
    try {
      Tenant tenant = tenants.get(organization);
      return refuse(
          tenant != null && tenant.used >= limits.share() && limits.share() < limits.total()
              ? Refusal.SHARE_FULL
              : Refusal.QUEUE_FULL,
          false);
    } finally {
      lock.unlock();
    }
  }

  private Waiter ask(String organization, long units) {
    lock.lock();
    try {
      Tenant tenant = tenants.computeIfAbsent(organization, Tenant::new);
      Waiter waiter = new Waiter(tenant, units);
      tenant.queue.add(waiter);
      waiting++;
      if (tenant.queue.size() == 1) {
        turns.add(tenant);
      }
      serve();
      if (!waiter.granted) {
        Refusal reason = tooMany(tenant);
        if (reason != null) {
          remove(waiter);
          throw refuse(reason, false);
        }
      }
      return waiter;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Refusal tooMany(Tenant tenant) {
    if (draining) {
      return Refusal.STOPPING;
    }
    if (waiting > limits.queue()) {
      return Refusal.QUEUE_FULL;
    }
    return tenant.queue.size() > limits.queueShare() ? Refusal.SHARE_FULL : null;
  }

  private void await(Waiter waiter) throws InterruptedException {
    boolean settled = false;
    try {
      settled = waiter.settled.await(limits.patience().toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      if (!settled) {
        withdraw(waiter, Refusal.LATE);
        giveBackWhenInterrupted(waiter);
      }
    }
    lock.lock();
    try {
      if (waiter.refusal != null) {
        throw refuse(waiter.refusal, !fitsShare(waiter));
      }
    } finally {
      lock.unlock();
    }
  }

  /** What was granted in the moment of the interrupt is held by nobody. */
  private void giveBackWhenInterrupted(Waiter waiter) {
    if (Thread.currentThread().isInterrupted() && waiter.granted) {
      release(waiter.tenant.id, waiter.units);
    }
  }

  private void withdraw(Waiter waiter, Refusal reason) {
    lock.lock();
    try {
      if (!waiter.granted && waiter.refusal == null) {
        remove(waiter);
        settle(waiter, reason);
        serve();
      }
    } finally {
      lock.unlock();
    }
  }

  private static void settle(Waiter waiter, Refusal reason) {
    waiter.refusal = reason;
    waiter.settled.countDown();
  }

  private void remove(Waiter waiter) {
    Tenant tenant = waiter.tenant;
    if (tenant.queue.remove(waiter)) {
      waiting--;
    }
    if (tenant.queue.isEmpty()) {
      turns.remove(tenant);
    }
    forget(tenant);
  }

  private boolean takeNow(String organization, long units) {
    lock.lock();
    try {
      Tenant tenant = tenants.computeIfAbsent(organization, Tenant::new);
      boolean free =
          tenant.used + units <= limits.share()
              && used + units <= limits.total()
              && turns.stream().noneMatch(other -> fitsShare(other.queue.getFirst()));
      if (free) {
        tenant.used += units;
        used += units;
      }
      forget(tenant);
      return free;
    } finally {
      lock.unlock();
    }
  }

  private void release(String organization, long units) {
    lock.lock();
    try {
      Tenant tenant = tenants.get(organization);
      if (tenant != null) {
        tenant.used -= units;
        used -= units;
        serve();
        forget(tenant);
      }
    } finally {
      lock.unlock();
    }
  }

  private void forget(Tenant tenant) {
    if (tenant.used == 0 && tenant.queue.isEmpty()) {
      tenants.remove(tenant.id, tenant);
    }
  }

  /** Grants what can be, one demand of each organization after the other. */
  private void serve() {
    List<Tenant> full = new ArrayList<>();
    while (!turns.isEmpty()) {
      Tenant tenant = turns.getFirst();
      Waiter next = tenant.queue.getFirst();
      if (!fitsShare(next)) {
        full.add(turns.removeFirst());
      } else if (used + next.units > limits.total() && used > 0) {
        break;
      } else {
        grant(turns.removeFirst(), next);
      }
    }
    // They wait for themselves, so they lose nothing by standing behind.
    turns.addAll(full);
  }

  private void grant(Tenant tenant, Waiter next) {
    tenant.queue.removeFirst();
    waiting--;
    tenant.used += next.units;
    used += next.units;
    next.granted = true;
    next.settled.countDown();
    if (!tenant.queue.isEmpty()) {
      turns.addLast(tenant);
    }
  }

  private boolean fitsShare(Waiter waiter) {
    return waiter.tenant.used == 0 || waiter.tenant.used + waiter.units <= limits.share();
  }

  private DaytonaException refuse(Refusal reason, boolean ownShare) {
    refused.merge(reason, 1L, Long::sum);
    return Sentences.of(
        reason, ownShare && limits.share() < limits.total(), what, limits.patience());
  }
}
