package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.runner.RunnerConfig;
import io.daytona.runner.image.LayerImport;
import io.daytona.runner.image.PreparedImages;
import io.daytona.runner.image.ToolsLayer;
import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.jailer.JailerClient.Stats;
import io.daytona.runner.jailer.JailerEvents;
import io.daytona.runner.jailer.JailerException;
import io.daytona.runner.slot.SlotPool;
import io.daytona.runner.storage.DiskShelf;
import io.daytona.runner.storage.OverlayRootStore;
import io.daytona.runner.upkeep.Upkeep;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.failpoint.Failpoints;
import io.daytona.wire.runner.ExitCause;
import io.daytona.wire.runner.Origin;
import io.daytona.wire.runner.Placement;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.Runner;
import io.daytona.wire.runner.RunnerStatus;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.runner.StartedSandbox;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runner of this host: sandboxes through the jailer, and their agents.
 *
 * <p>Calls for one sandbox run one after the other; {@link #destroy} cancels a start in progress.
 * Closing it leaves the sandboxes running: the next one adopts them.
 */
public final class HostRunner implements Runner, SandboxDirectory, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostRunner.class);
  private static final int PROTOCOL = 2;
  private static final Duration AGENT_RETRY = Duration.ofSeconds(1);

  private final Host host;
  private final ExecutorService background;
  private final SandboxStarter starter;
  private final SandboxEnder ender;
  private final PreparedImages images;
  private final LayerImport layerImport;
  private final PoolLevel level;
  private @Nullable JailerEvents events;
  private @Nullable PoolTrim trim;

  private HostRunner(Host host, PreparedImages images, LayerImport layerImport) {
    this.host = host;
    this.background = Executors.newVirtualThreadPerTaskExecutor();
    this.starter = new SandboxStarter(host);
    this.ender = new SandboxEnder(host, background);
    this.images = images;
    this.layerImport = layerImport;
    this.level = new PoolLevel(host.jailer());
  }

  /**
   * Adopts what runs on the host, connects to its agents and begins to make slots and disks ahead.
   *
   * @throws DaytonaException 503 when the jailer does not answer, 500 when it speaks another
   *     protocol
   */
  public static HostRunner open(RunnerConfig config, AgentConnector connector) {
    return open(config, Map.of(), connector, Failpoints.NONE);
  }

  /**
   * The same with variables that every sandbox started from now on gets beside the platform's
   * names, and failpoints behind its steps.
   */
  public static HostRunner open(
      RunnerConfig config,
      Map<String, String> environment,
      AgentConnector connector,
      Failpoints failpoints) {
    JailerClient jailer = new JailerClient(config.jailerSocket(), config.jailerPatience());
    try {
      requireProtocol(jailer.hello());
      PreparedImages images = new PreparedImages(config.imageDirectory());
      LayerImport layerImport = new LayerImport(jailer, images, failpoints);
      ToolsLayer tools = new ToolsLayer(images, layerImport);
      HostRunner runner =
          new HostRunner(
              assemble(config, environment, connector, failpoints, jailer, tools),
              images,
              layerImport);
      runner.begin();
      return runner;
    } catch (JailerException e) {
      jailer.close();
      throw e.toClient("begin its work");
    } catch (RuntimeException e) {
      jailer.close();
      throw e;
    }
  }

  private static Host assemble(
      RunnerConfig config,
      Map<String, String> environment,
      AgentConnector connector,
      Failpoints failpoints,
      JailerClient jailer,
      ToolsLayer tools) {
    SlotRecords records = new SlotRecords(config.recordDirectory());
    SlotPool slots =
        new SlotPool(
            config.readySlots(),
            SlotPool.Maker.of(
                number -> {
                  jailer.slotMake(number);
                  HostStep.SLOT_MADE.passed(failpoints);
                },
                number -> {
                  jailer.slotDrop(number);
                  HostStep.SLOT_DROPPED.passed(failpoints);
                  records.forget(number);
                  HostStep.SLOT_FORGOTTEN.passed(failpoints);
                }));
    OverlayRootStore store = new OverlayRootStore(jailer, new SecureRandom(), failpoints);
    SandboxTable table = new SandboxTable();
    Remains remains = new Remains(jailer, slots, store, table, failpoints);
    return new Host(
        config,
        jailer,
        slots,
        store,
        new Upkeep(),
        table,
        tools,
        remains,
        records,
        connector,
        Map.copyOf(environment),
        failpoints);
  }

  private static void requireProtocol(JailerClient.Hello hello) {
    if (hello.protocol() != PROTOCOL) {
      throw DaytonaException.of(
          ErrorKind.INTERNAL,
          "The jailer %s speaks protocol %d, this server needs %d: restart the platform"
              .formatted(hello.version(), hello.protocol(), PROTOCOL));
    }
  }

  private void begin() {
    host.tools().choose();
    Recovery recovery = new Recovery(host, background);
    recovery.adopt();
    recovery.reconnect();
    DiskShelf shelf = new DiskShelf(host.store(), host.config().shelfTargets());
    host.upkeep()
        .start(
            host.config().upkeepWorkers(),
            List.of(host.remains(), host.slots(), shelf, host.tools()));
    trim = new PoolTrim(host, level);
    events =
        host.jailer()
            .events(
                new JailerEvents.Listener() {
                  @Override
                  public void subscribed() {
                    ender.compare();
                  }

                  @Override
                  public void exited(String sandbox, ExitCause cause) {
                    ender.exited(sandbox, cause);
                  }
                });
  }

  @Override
  public StartedSandbox start(SandboxSpec spec) {
    return starter.start(spec);
  }

  @Override
  public void stop(String sandboxId, boolean force) {
    ender.stop(sandboxId, force);
  }

  @Override
  public void destroy(String sandboxId) {
    ender.destroy(sandboxId);
  }

  @Override
  public Running find(String sandboxId) {
    LiveSandbox live = host.table().live(sandboxId);
    if (live == null || live.ending()) {
      throw DaytonaException.badRequest(
          "bad request: no IP address found. Is the Sandbox started?");
    }
    Identity identity = live.identity();
    if (identity == null) {
      throw DaytonaException.unavailable(
          "The sandbox is being taken over after a restart; try again shortly", AGENT_RETRY);
    }
    return new Running(
        sandboxId, live.link().agent(), identity.home(), identity.workdir(), identity.user());
  }

  @Override
  public Optional<Origin> origin(String sandboxId) {
    LiveSandbox live = host.table().live(sandboxId);
    return Optional.ofNullable(live).map(LiveSandbox::identity).map(Identity::origin);
  }

  @Override
  public Optional<Usage> usage(String sandboxId) {
    return stats(sandboxId)
        .map(stats ->
            new Usage(
                stats.memoryBytes(),
                stats.memoryLimitBytes(),
                stats.memoryCacheBytes(),
                stats.cpuNanos(),
                stats.cpuMillis(),
                stats.oomKills(),
                stats.forksRefused(),
                stats.diskFree(),
                stats.inodesFree()));
  }

  private Optional<Stats> stats(String sandboxId) {
    try {
      return Optional.of(host.jailer().stats(sandboxId));
    } catch (JailerException e) {
      // It may have ended meanwhile; the caller's own reply matters more than this detail of it.
      LOG.debug("the usage of {} is not known: {}", sandboxId, e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public Placement placement(String sandboxId) {
    Inventory inventory = inventory();
    Placement.Run run =
        inventory
            .sandbox(sandboxId)
            .map(running ->
                new Placement.Run(
                    running.slot(),
                    inventory.addresses().getOrDefault(running.slot(), ""),
                    running.pid(),
                    stats(sandboxId).map(this::placed).orElse(null)))
            .orElse(null);
    Placement.Disk disk =
        inventory.disks().stream()
            .filter(found -> found.id().equals(sandboxId))
            .map(found -> new Placement.Disk(found.gib(), found.allocatedKib()))
            .findFirst()
            .orElse(null);
    return new Placement(run, disk);
  }

  private Placement.Usage placed(Stats stats) {
    return new Placement.Usage(
        stats.memoryBytes(),
        stats.memoryLimitBytes(),
        stats.cpuNanos(),
        stats.cpuMillis(),
        stats.pids(),
        host.config().pidsLimit(stats.memoryLimitBytes() >> 30),
        stats.oomKills());
  }

  @Override
  public Set<String> running() {
    return inventory().sandboxes().stream()
        .map(Inventory.Running::id)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public Set<String> known() {
    return ids(inventory());
  }

  private static Set<String> ids(Inventory inventory) {
    Set<String> ids = new HashSet<>();
    inventory.sandboxes().forEach(running -> ids.add(running.id()));
    inventory.ended().forEach(ended -> ids.add(ended.id()));
    inventory.disks().stream()
        .map(Inventory.Disk::id)
        .filter(id -> !OverlayRootStore.isShelved(id))
        .forEach(ids::add);
    return Set.copyOf(ids);
  }

  @Override
  public Set<String> layers() {
    return Set.copyOf(inventory().layers());
  }

  private Inventory inventory() {
    return asked("list what it holds", host.jailer()::list);
  }

  private static <T> T asked(String doing, Supplier<T> question) {
    try {
      return question.get();
    } catch (JailerException e) {
      throw e.toClient(doing);
    }
  }

  @Override
  public List<PreparedImage> preparedImages() {
    return images.list();
  }

  @Override
  public void importLayer(String layer) {
    layerImport.run(layer);
  }

  @Override
  public boolean dropLayer(String layer) {
    return asked("remove the image layer " + layer, () -> layerImport.drop(layer));
  }

  /** Starts in progress are left alone: their rows may be younger than the set. */
  @Override
  public Set<String> retainOnly(Set<String> sandboxIds) {
    Set<String> removed = new HashSet<>(ids(inventory()));
    removed.removeAll(sandboxIds);
    removed.removeIf(id -> host.table().boot(id) != null);
    // Also disks that appeared without this runner are now its own to remove.
    removed.forEach(host.table()::addDisk);
    removed.forEach(this::destroy);
    return Set.copyOf(removed);
  }

  @Override
  public void onExit(ExitListener listener) {
    ender.onExit(listener);
  }

  @Override
  public ExitCause causeOfEnd(String sandboxId) {
    return host.table().wasEndedByPool(sandboxId) ? ExitCause.POOL_FULL : ExitCause.ENDED;
  }

  @Override
  public RunnerStatus status() {
    JailerClient.Hello hello = asked("tell its levels", level::current);
    return new RunnerStatus(
        host.table().liveCount(),
        host.slots().ready(),
        host.slots().used(),
        host.slots().size(),
        host.store().shelved(),
        hello.poolFreeKib(),
        hello.poolTotalKib());
  }

  /**
   * Waits until all slots and disks are made and everything that ended is cleared away.
   *
   * @return false when the time passed first
   */
  public boolean awaitIdle(Duration time) throws InterruptedException {
    return host.upkeep().awaitIdle(time);
  }

  @Override
  public void close() {
    JailerEvents following = events;
    if (following != null) {
      following.close();
    }
    PoolTrim trimming = trim;
    if (trimming != null) {
      trimming.close();
    }
    host.upkeep().close();
    background.shutdownNow();
    host.table().allLive().forEach(live -> live.link().close());
    host.jailer().close();
  }
}
