package io.daytona.control;

import io.daytona.wire.runner.ExitCause;
import io.daytona.wire.runner.Placement;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.Runner;
import io.daytona.wire.runner.RunnerStatus;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.runner.StartedSandbox;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A runner in memory: remembers what it was asked, and fails or blocks where a test tells it to.
 */
final class FakeRunner implements Runner {
  static final String LAYER = "layer0000000001";

  final Map<String, SandboxSpec> disks = new ConcurrentHashMap<>();
  final Set<String> running = ConcurrentHashMap.newKeySet();
  final List<String> calls = new CopyOnWriteArrayList<>();
  final Set<String> layers = ConcurrentHashMap.newKeySet();
  final Map<String, ExitCause> causes = new ConcurrentHashMap<>();
  final List<PreparedImage> prepared = new CopyOnWriteArrayList<>();
  volatile Consumer<SandboxSpec> beforeStart = spec -> {};
  volatile Consumer<String> beforeStop = id -> {};
  volatile Consumer<String> beforeDestroy = id -> {};
  volatile Consumer<String> beforeImport = layer -> {};
  private volatile ExitListener listener = (id, cause) -> {};

  /** A runner whose default image is ready to be imported. */
  static FakeRunner withImage() {
    FakeRunner runner = new FakeRunner();
    runner.prepared.add(new PreparedImage("default", LAYER, 1_500_000_000L, Instant.EPOCH));
    return runner;
  }

  /**
   * Starts that are held in the middle.
   *
   * @param begun counted down by the first
   * @param release lets all of them go on
   */
  record HeldStarts(CountDownLatch begun, CountDownLatch release) {}

  /** Holds every start from now on until it is released. */
  HeldStarts holdStarts() {
    HeldStarts held = new HeldStarts(new CountDownLatch(1), new CountDownLatch(1));
    beforeStart =
        spec -> {
          held.begun().countDown();
          try {
            held.release().await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    return held;
  }

  /** The sandbox's first process ends by itself. */
  void end(String id, ExitCause cause) {
    running.remove(id);
    listener.exited(id, cause);
  }

  @Override
  public StartedSandbox start(SandboxSpec spec) {
    calls.add("start " + spec.id());
    beforeStart.accept(spec);
    disks.put(spec.id(), spec);
    running.add(spec.id());
    return new StartedSandbox("1.2.3", true, new StartedSandbox.StartTimes(10, 9000, 3000));
  }

  @Override
  public void stop(String sandboxId, boolean force) {
    calls.add((force ? "kill " : "stop ") + sandboxId);
    beforeStop.accept(sandboxId);
    running.remove(sandboxId);
  }

  @Override
  public void destroy(String sandboxId) {
    calls.add("destroy " + sandboxId);
    beforeDestroy.accept(sandboxId);
    running.remove(sandboxId);
    disks.remove(sandboxId);
  }

  @Override
  public Set<String> running() {
    return Set.copyOf(running);
  }

  @Override
  public Set<String> known() {
    return Set.copyOf(disks.keySet());
  }

  @Override
  public Placement placement(String sandboxId) {
    SandboxSpec spec = disks.get(sandboxId);
    Placement.Disk disk = spec == null ? null : new Placement.Disk(spec.diskGib(), 2048);
    Placement.Run run =
        running.contains(sandboxId)
            ? new Placement.Run(
                7,
                "10.213.0.7",
                4711,
                new Placement.Usage(100 << 20, 1 << 30, 2_500_000_000L, 1000, 12, 2048, 3))
            : null;
    return new Placement(run, disk);
  }

  @Override
  public Set<String> layers() {
    return Set.copyOf(layers);
  }

  @Override
  public List<PreparedImage> preparedImages() {
    return List.copyOf(prepared);
  }

  @Override
  public void importLayer(String layer) {
    beforeImport.accept(layer);
    layers.add(layer);
  }

  @Override
  public boolean dropLayer(String layer) {
    calls.add("drop " + layer);
    return layers.remove(layer);
  }

  @Override
  public Set<String> retainOnly(Set<String> sandboxIds) {
    Set<String> removed =
        disks.keySet().stream().filter(id -> !sandboxIds.contains(id)).collect(Collectors.toSet());
    removed.forEach(this::destroy);
    return removed;
  }

  @Override
  public ExitCause causeOfEnd(String sandboxId) {
    return causes.getOrDefault(sandboxId, ExitCause.ENDED);
  }

  @Override
  public void onExit(ExitListener exitListener) {
    this.listener = exitListener;
  }

  @Override
  public RunnerStatus status() {
    return new RunnerStatus(running.size(), 8, running.size(), 16, 4, 1 << 20, 1 << 21);
  }
}
