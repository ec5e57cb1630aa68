package io.daytona.server.metrics;

import com.zaxxer.hikari.HikariPoolMXBean;
import io.daytona.control.sandbox.SandboxLevels;
import io.daytona.wire.runner.RunnerStatus;
import io.daytona.wire.sandbox.SandboxState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Gauges of sandboxes, admission, host and database; looked at once for each scrape. */
final class Levels {
  private static final double KIB = 1024;

  private final Supplier<SandboxLevels> control;
  private final HostLevels host;
  private volatile SandboxLevels seen = new SandboxLevels(Map.of());
  private volatile Optional<RunnerStatus> status = Optional.empty();

  Levels(Supplier<SandboxLevels> control, HostLevels host) {
    this.control = control;
    this.host = host;
  }

  /** Takes a look, which the gauges then tell. */
  void look() {
    seen = control.get();
    status = host.current();
  }

  void bind(MeterRegistry registry) {
    for (SandboxState state : SandboxState.values()) {
      Gauge.builder(
              "daytona.sandboxes", this, levels -> levels.seen.byState().getOrDefault(state, 0))
          .description("Sandboxes by state, destroyed ones left out")
          .tag("state", state.wire())
          .register(registry);
    }
    Gauge.builder("daytona.host.up", this, levels -> levels.status.isPresent() ? 1 : 0)
        .description("Whether the host tells its levels")
        .register(registry);
    host(registry, "sandboxes.running", "Sandboxes that run", RunnerStatus::running);
    host(registry, "slots.ready", "Slots made ahead and free", RunnerStatus::slotsReady);
    host(registry, "slots.used", "Slots of running sandboxes", RunnerStatus::slotsUsed);
    host(registry, "slots.limit", "Slots the host can have", RunnerStatus::slotsTotal);
    host(registry, "disks.ready", "Empty disks made ahead", RunnerStatus::disksReady);
    pool(registry, "free", "Free space of the pool of disks", RunnerStatus::poolFreeKib);
    pool(registry, "size", "Size of the pool of disks", RunnerStatus::poolTotalKib);
  }

  private void pool(
      MeterRegistry registry, String name, String help, ToDoubleFunction<RunnerStatus> kib) {
    host(registry, "pool." + name, help, "bytes", status -> KIB * kib.applyAsDouble(status));
  }

  private void host(
      MeterRegistry registry, String name, String help, ToDoubleFunction<RunnerStatus> level) {
    host(registry, name, help, null, level);
  }

  private void host(
      MeterRegistry registry,
      String name,
      String help,
      @Nullable String unit,
      ToDoubleFunction<RunnerStatus> level) {
    Gauge.builder(
            "daytona.host." + name,
            this,
            levels -> levels.status.map(level::applyAsDouble).orElse(Double.NaN))
        .description(help)
        .baseUnit(unit)
        .register(registry);
  }

  /** Gauges of the connections to PostgreSQL. */
  static void database(MeterRegistry registry, HikariPoolMXBean pool) {
    database(registry, pool, "active", HikariPoolMXBean::getActiveConnections);
    database(registry, pool, "idle", HikariPoolMXBean::getIdleConnections);
    Gauge.builder("daytona.database.waiting", pool, HikariPoolMXBean::getThreadsAwaitingConnection)
        .description("Threads that wait for a connection to PostgreSQL")
        .register(registry);
  }

  private static void database(
      MeterRegistry registry,
      HikariPoolMXBean pool,
      String state,
      ToDoubleFunction<HikariPoolMXBean> count) {
    Gauge.builder("daytona.database.connections", pool, count)
        .description("Connections to PostgreSQL by what they do")
        .tag("state", state)
        .register(registry);
  }
}
