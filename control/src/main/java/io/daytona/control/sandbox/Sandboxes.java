package io.daytona.control.sandbox;

import io.daytona.control.apikey.ApiKeys;
import io.daytona.control.configuration.PublicUrls;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Times;
import io.daytona.control.region.Regions;
import io.daytona.control.signing.SignedUrls;
import io.daytona.control.snapshot.Snapshots;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.LogContext;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.failpoint.Failpoints;
import io.daytona.wire.runner.Runner;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
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
  private final Admission admission;
  private final Activity activity;
  private final IdempotencyKeys keys;
  private final Automation automation;
  private final Reconciler reconciler;
  private final SandboxGate gate;
  private final SandboxLookup lookup;
  private final List<Endpoint<?, ?>> endpoints;
  private final Explanations explanations;
  private final Clock clock;

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
      SecureRandom random) {
    this.clock = clock;
    Tokens tokens = new Tokens(random);
    Operations operations = new Operations();
    admission = new Admission(policy.concurrency(), policy.queue(), policy.patience());
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
    automation = new Automation(database, lifecycle, activity, clock);
    reconciler = new Reconciler(store, index, runner, operations, admission, steps, clock, threads);
    gate = new CachedSandboxGate(index, apiKeys, activity, signed);
    CreateValidation validation =
        new CreateValidation(
            snapshots, regions, intervals, tokens, clock, policy.defaultSnapshot());
    keys = new IdempotencyKeys(database, clock);
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
    return new SandboxLevels(index.countByState(), admission.level());
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

  /**
   * Removes the rows of sandboxes that were destroyed long ago (control-plane protocol §3.3), and
   * expired idempotency keys.
   */
  public void purge() {
    keys.purge();
    int removed = store.purge(Times.now(clock).minus(KEPT_AFTER_DESTROY));
    if (removed > 0) {
      LOG.info("removed the rows of {} destroyed sandboxes", removed);
    }
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
