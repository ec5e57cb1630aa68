package io.daytona.control.sandbox;

import io.daytona.control.apikey.ApiKeys;
import io.daytona.control.configuration.PublicUrls;
import io.daytona.control.persistence.Database;
import io.daytona.control.region.Regions;
import io.daytona.control.signing.SignedUrls;
import io.daytona.control.snapshot.Snapshots;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.LogContext;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.admission.Level;
import io.daytona.wire.failpoint.Failpoints;
import io.daytona.wire.runner.Runner;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything about sandboxes, wired together. */
public final class Sandboxes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sandboxes.class);
  private static final Duration KEPT_AFTER_DESTROY = Duration.ofHours(24);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(8);

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("sandbox-", 0).factory());
  private final SandboxIndex index = new SandboxIndex();
  private final SandboxStore store;
  private final Bulkhead admission;
  private final Activity activity;
  private final IdempotencyKeys keys;
  private final Automation automation;
  private final Reconciler reconciler;
  private final SandboxGate gate;
  private final SandboxLookup lookup;
  private final List<Endpoint<?, ?>> endpoints;
  private final Explanations explanations;

  /**
   * @param database where the rows are
   * @param runner makes sandboxes real
   * @param apiKeys who may use them
   * @param snapshots what they are made from
   * @param regions where they run
   * @param urls public addresses
   * @param signed lets signed file URLs in
   * @param policy limits
   * @param failpoints named places behind every transition
   * @param clock tells the time
   * @param random source of preview tokens
   */
  public Sandboxes(
      Database database,
      Runner runner,
      ApiKeys apiKeys,
      Snapshots snapshots,
      Regions regions,
      PublicUrls urls,
      SignedUrls signed,
      SandboxPolicy policy,
      Failpoints failpoints,
      Clock clock,
      LongSupplier nanos,
      SecureRandom random) {
    Tokens tokens = new Tokens(random);
    Operations operations = new Operations();
    admission =
        new Bulkhead("creates", "sandboxes that are being created or started", policy.admission());
    Intervals intervals = new Intervals(policy.longestArchive());
    store = new SandboxStore(database, index, failpoints, clock);
    activity = new Activity(database, snapshots, clock);
    Steps steps = new Steps(store, runner);
    Lifecycle lifecycle =
        new Lifecycle(
            store,
            runner,
            operations,
            admission,
            steps,
            tokens,
            work -> threads.execute(LogContext.carried(work)));
    keys = new IdempotencyKeys(database, clock);
    automation = new Automation(database, lifecycle, activity, clock, nanos);
    reconciler = new Reconciler(store, index, runner, operations, admission, steps, clock, threads);
    gate = new CachedSandboxGate(index, apiKeys, activity, signed);
    CreateValidation validation =
        new CreateValidation(
            snapshots, regions, intervals, tokens, clock, policy.defaultSnapshot());
    Creation creation = new Creation(validation, lifecycle, activity, store, operations, keys);
    lookup = new SandboxLookup(store);
    List<Endpoint<?, ?>> rows =
        new ArrayList<>(
            new SandboxEndpoints(lookup, new SandboxListing(database), creation, lifecycle, urls)
                .endpoints());
    rows.addAll(new SettingsEndpoints(lookup, store, intervals, urls).endpoints());
    endpoints = List.copyOf(rows);
    explanations = new Explanations(database, store, runner);
  }

  /** The rows of the endpoint table about sandboxes. */
  public List<Endpoint<?, ?>> endpoints() {
    return endpoints;
  }

  /** The rows that are for the platform's operator. */
  public List<Endpoint<?, ?>> operatorEndpoints() {
    return List.of(explanations.endpoint());
  }

  /** Who may reach which sandbox. */
  public SandboxGate gate() {
    return gate;
  }

  /**
   * The sandbox that a path parameter names, by id or name, in the caller's organization.
   *
   * @throws io.daytona.wire.error.DaytonaException 404 for unknown and foreign ones alike
   */
  public Sandbox require(Call<?> call, String parameter) {
    return lookup.require(call, parameter);
  }

  /** Whether any sandbox, running or not, has one of these layers. */
  public boolean have(List<String> layers) {
    return store.anyHas(layers);
  }

  /** Levels now, from memory. */
  public SandboxLevels levels() {
    return new SandboxLevels(index.countByState());
  }

  /** Makes rows and reality agree before the first request. */
  public void recover() {
    reconciler.recover();
  }

  /** Finishes operations that were begun and that nobody looks after any more. */
  public void finishAbandoned() {
    reconciler.finishAbandoned();
  }

  /** Makes rows and host agree again. */
  public void compareWithHost() {
    reconciler.compareWithHost();
  }

  /** Stops and deletes what is due by its intervals. */
  public void automate() throws InterruptedException {
    automation.run();
  }

  /** Writes the collected times of use. */
  public void flushActivity() {
    activity.flush();
  }

  /** The time, if ages by the wall clock can be believed: it was not set for a day. */
  public Optional<Instant> steadyTime() {
    return automation.steadyTime();
  }

  /**
   * Removes the rows of sandboxes that were destroyed long ago (control-plane protocol §3.3), and
   * expired idempotency keys.
   */
  public void purge(Instant now) {
    keys.purge(now);
    int removed = store.purge(now.minus(KEPT_AFTER_DESTROY));
    if (removed > 0) {
      LOG.info("removed the rows of {} destroyed sandboxes", removed);
    }
  }

  /** How full the way to the host is. */
  public Level admission() {
    return admission.level();
  }

  /** Refuses creates and starts that wait for their turn; those under way go on. */
  public void drain() {
    admission.drain();
  }

  /** Lets creates and starts wait again after {@link #drain}. */
  public void resume() {
    admission.resume();
  }

  /** Waits a bounded time for operations in progress, and writes the collected times of use. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        LOG.warn("operations are still in progress; the next start finishes them");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      activity.flush();
    } catch (RuntimeException e) {
      LOG.warn("the latest times of use could not be written", e);
    }
  }
}
