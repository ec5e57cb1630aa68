package io.daytona.control;

import io.daytona.control.apikey.ApiKeyAuthenticator;
import io.daytona.control.apikey.ApiKeyEndpoints;
import io.daytona.control.apikey.ApiKeyValue;
import io.daytona.control.apikey.ApiKeys;
import io.daytona.control.configuration.ConfigurationEndpoints;
import io.daytona.control.configuration.PublicUrls;
import io.daytona.control.journal.Retention;
import io.daytona.control.organization.AdministratorAuthenticator;
import io.daytona.control.organization.FirstRun;
import io.daytona.control.organization.QuotaEndpoints;
import io.daytona.control.persistence.Database;
import io.daytona.control.persistence.Migrations;
import io.daytona.control.region.Regions;
import io.daytona.control.sandbox.Sandbox;
import io.daytona.control.sandbox.SandboxLevels;
import io.daytona.control.sandbox.SandboxPolicy;
import io.daytona.control.sandbox.SandboxTransitions;
import io.daytona.control.sandbox.Sandboxes;
import io.daytona.control.signing.SignedUrls;
import io.daytona.control.signing.SigningKeyEndpoints;
import io.daytona.control.signing.SigningKeys;
import io.daytona.control.snapshot.DefaultSnapshots;
import io.daytona.control.snapshot.ImportedImages;
import io.daytona.control.snapshot.SnapshotEndpoints;
import io.daytona.control.snapshot.SnapshotPreparation;
import io.daytona.control.snapshot.SnapshotStep;
import io.daytona.control.snapshot.Snapshots;
import io.daytona.http.Authenticator;
import io.daytona.http.Endpoint;
import io.daytona.http.ErrorRenderer;
import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.admission.Level;
import io.daytona.wire.admission.Limits;
import io.daytona.wire.failpoint.Failpoints;
import io.daytona.wire.runner.Runner;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import javax.sql.DataSource;

/**
 * The control plane: the API's endpoint table, who may use it, and what keeps rows and sandboxes in
 * step. Everything it knows is in PostgreSQL; it may be killed at any moment.
 */
public final class ControlPlane implements AutoCloseable {
  private static final Duration AUTOMATION = Duration.ofSeconds(5);
  private static final Duration ABANDONED = Duration.ofSeconds(5);
  // The runner reports ends by itself; this finds what was not reported.
  private static final Duration COMPARISON = Duration.ofSeconds(15);
  private static final Duration ACTIVITY = Duration.ofSeconds(10);
  private static final Duration HOUSEKEEPING = Duration.ofHours(1);
  private static final Duration PREPARATION_FIRST = Duration.ofMillis(250);
  private static final Duration PREPARATION_LATER = Duration.ofSeconds(1);
  private static final int PREPARATION_QUICK_ROUNDS = 1200;

  private final ControlConfig config;
  private final DataSource dataSource;
  private final Database database;
  private final Regions regions;
  private final FirstRun firstRun;
  private final DefaultSnapshots defaultSnapshots;
  private final ImportedImages importedImages;
  private final SnapshotPreparation preparation;
  private final Sandboxes sandboxes;
  private final Retention retention;
  private final ApiKeys keys;
  private final Authenticator authenticator;
  private final ErrorRenderer errors;
  private final List<Endpoint<?, ?>> endpoints;
  private final Schedule schedule = new Schedule();
  private Optional<ApiKeyValue> generated = Optional.empty();

  /**
   * Wires the control plane; {@link #start} makes it work.
   *
   * @param config its configuration
   * @param dataSource pooled connections to PostgreSQL 18; its time-outs should be a few seconds
   * @param runner makes sandboxes real; used from {@link #start} on
   * @param failpoints named places behind every transition
   * @param clock tells the time
   * @param rateLimits limits of request rates, which clients are told of
   */
  public ControlPlane(
      ControlConfig config,
      DataSource dataSource,
      Runner runner,
      Failpoints failpoints,
      Clock clock,
      Map<Limiter, RateLimit> rateLimits) {
    this(config, dataSource, Surroundings.DEFAULT, runner, failpoints, clock, rateLimits);
  }

  /**
   * What the control plane asks its host.
   *
   * @param databaseDiskFull whether PostgreSQL's disk has no room, as far as the host knows
   * @param nanos time that passes, in nanoseconds, whatever the wall clock shows
   */
  public record Surroundings(BooleanSupplier databaseDiskFull, LongSupplier nanos) {
    /** A host that knows nothing of PostgreSQL's disk. */
    static final Surroundings DEFAULT = new Surroundings(() -> false, System::nanoTime);
  }

  /**
   * The same.
   *
   * @param surroundings what it asks its host
   */
  public ControlPlane(
      ControlConfig config,
      DataSource dataSource,
      Surroundings surroundings,
      Runner runner,
      Failpoints failpoints,
      Clock clock,
      Map<Limiter, RateLimit> rateLimits) {
    SecureRandom random = new SecureRandom();
    this.config = config;
    this.dataSource = dataSource;
    database =
        new Database(
            dataSource,
            Duration.ofSeconds(config.databasePatienceSeconds()),
            surroundings.databaseDiskFull());
    regions = new Regions(database, clock, config.region());
    firstRun = new FirstRun(database, clock, random);
    keys = new ApiKeys(database, clock);
    authenticator = new ApiKeyAuthenticator(keys);
    errors = new ApiErrors(clock);
    Snapshots snapshots = new Snapshots(database, clock, failpoints);
    defaultSnapshots = new DefaultSnapshots(snapshots, clock);
    PublicUrls urls = new PublicUrls(config.publicUrl(), config.proxyUrl(), config.proxyDomain());
    SigningKeys signingKeys = new SigningKeys(database, clock, random);
    sandboxes =
        new Sandboxes(
            database,
            runner,
            keys,
            snapshots,
            regions,
            urls,
            new SignedUrls(signingKeys, clock),
            policy(config),
            failpoints,
            clock,
            surroundings.nanos(),
            random);
    importedImages = new ImportedImages(snapshots, runner, sandboxes::have, clock);
    preparation = new SnapshotPreparation(snapshots, runner, importedImages);
    retention = new Retention(database);
    endpoints = table(config, database, rateLimits, urls, keys, snapshots, sandboxes, signingKeys);
  }

  private static SandboxPolicy policy(ControlConfig config) {
    return new SandboxPolicy(
        config.defaultSnapshot(),
        config.maxAutoArchiveInterval(),
        Limits.of(
            config.createConcurrency(),
            config.createQueue(),
            Duration.ofSeconds(config.createQueueSeconds()),
            config.createShare()));
  }

  private static List<Endpoint<?, ?>> table(
      ControlConfig config,
      Database database,
      Map<Limiter, RateLimit> rateLimits,
      PublicUrls urls,
      ApiKeys keys,
      Snapshots snapshots,
      Sandboxes sandboxes,
      SigningKeys signingKeys) {
    List<Endpoint<?, ?>> rows = new ArrayList<>();
    rows.addAll(
        new ConfigurationEndpoints(
                urls,
                config.version(),
                config.environment(),
                config.defaultSnapshot(),
                config.maxAutoArchiveInterval(),
                rateLimits)
            .endpoints());
    rows.addAll(new ApiKeyEndpoints(keys).endpoints());
    rows.addAll(new QuotaEndpoints(database, keys).endpoints());
    rows.addAll(sandboxes.endpoints());
    rows.addAll(
        new SigningKeyEndpoints(
                signingKeys,
                call -> {
                  Sandbox sandbox = sandboxes.require(call, "sandboxId");
                  return new SigningKeyEndpoints.Owner(sandbox.id(), sandbox.organizationId());
                })
            .endpoints());
    rows.addAll(new SnapshotEndpoints(snapshots).endpoints());
    return List.copyOf(rows);
  }

  /** The endpoint table, to be mounted below {@code /api}. */
  public List<Endpoint<?, ?>> endpoints() {
    return endpoints;
  }

  /** Rows for the platform's operator, to be mounted for {@link #administrators} only. */
  public List<Endpoint<?, ?>> operatorEndpoints() {
    return sandboxes.operatorEndpoints();
  }

  /** Lets requests in by API key. */
  public Authenticator authenticator() {
    return authenticator;
  }

  /** The documented shape of errors. */
  public ErrorRenderer errorRenderer() {
    return errors;
  }

  /** Who may reach which sandbox, for the gateway. */
  public SandboxGate gate() {
    return sandboxes.gate();
  }

  /** Lets in only keys of the platform's administrator. */
  public Authenticator administrators() {
    return new AdministratorAuthenticator(authenticator);
  }

  /** How full the way to the host is. */
  public Level admission() {
    return sandboxes.admission();
  }

  /** Refuses creates and starts that wait for their turn; those under way go on. */
  public void drain() {
    sandboxes.drain();
  }

  /** Lets creates and starts wait again after {@link #drain}. */
  public void resume() {
    sandboxes.resume();
  }

  /** Levels now, from memory. */
  public SandboxLevels levels() {
    return sandboxes.levels();
  }

  /** Names of the failpoints behind all state changes. */
  public static Set<String> failpoints() {
    Set<String> names = new TreeSet<>(SandboxTransitions.failpoints());
    names.addAll(SnapshotStep.failpoints());
    return names;
  }

  /**
   * Migrates the schema, makes what a new installation lacks, takes stock of the sandboxes and
   * begins the repeated jobs. Blocks for the time of one look at rows and host; what was
   * interrupted is finished in the background.
   */
  public void start() {
    Migrations.apply(dataSource);
    regions.prepare();
    FirstRun.Administrator administrator =
        firstRun.prepare(config.adminApiKey().map(ApiKeyValue::chosen), config.region());
    generated = administrator.generated();
    keys.changed();
    defaultSnapshots.prepare(administrator.organizationId(), config.region());
    importedImages.belongTo(administrator.organizationId(), config.region());
    preparation.checkLayers();
    sandboxes.recover();
    schedule.every(AUTOMATION, "automation", sandboxes::automate);
    schedule.every(ABANDONED, "finishing abandoned operations", sandboxes::finishAbandoned);
    schedule.every(COMPARISON, "comparison with the host", sandboxes::compareWithHost);
    schedule.every(ACTIVITY, "activity", sandboxes::flushActivity);
    schedule.every(HOUSEKEEPING, "housekeeping", this::housekeeping);
    schedule.after(Duration.ZERO, "snapshot preparation", () -> prepareSnapshots(0));
  }

  /**
   * The administrator's API key, when {@link #start} has generated one; to be stored where only
   * root reads it, because it cannot be had again.
   */
  public Optional<String> generatedAdminApiKey() {
    return generated.map(ApiKeyValue::reveal);
  }

  /**
   * Ends the repeated jobs, waits a bounded time for operations in progress, writes what is left.
   */
  @Override
  public void close() {
    schedule.close();
    sandboxes.close();
    database.close();
  }

  /** The sandboxes, for tests that do not wait for the schedule. */
  Sandboxes sandboxes() {
    return sandboxes;
  }

  /** Removes what is old; not while the clock may be wrong, for what is removed is gone. */
  void housekeeping() {
    sandboxes
        .steadyTime()
        .ifPresent(now -> {
          sandboxes.purge(now);
          retention.apply(now);
        });
  }

  private void prepareSnapshots(int round) {
    boolean complete = false;
    try {
      complete = preparation.advance();
    } finally {
      // Also when nothing is left to do: the operator may import another image.
      boolean quick = !complete && round < PREPARATION_QUICK_ROUNDS;
      int next = complete ? 0 : round + 1;
      schedule.after(
          quick ? PREPARATION_FIRST : PREPARATION_LATER,
          "snapshot preparation",
          () -> prepareSnapshots(next));
    }
  }
}
