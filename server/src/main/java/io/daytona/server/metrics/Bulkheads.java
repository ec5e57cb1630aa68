package io.daytona.server.metrics;

import io.daytona.wire.admission.Level;
import io.daytona.wire.admission.Refusal;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Gauges of what organizations share, and how often it was refused. */
final class Bulkheads {
  // The registry itself refers to them weakly.
  private final List<Supplier<Level>> held = new CopyOnWriteArrayList<>();

  /**
   * Tells of one of them.
   *
   * @param level how full it is now; cheap
   * @param tags what tells it from others of its name
   */
  void bind(MeterRegistry registry, Supplier<Level> level, Tags tags) {
    held.add(level);
    Tags all = tags.and("resource", level.get().name());
    gauge(registry, level, all, "used", "Units in use of what organizations share", Level::used);
    gauge(
        registry, level, all, "limit", "Units there are of what organizations share", Level::total);
    gauge(registry, level, all, "waiting", "Demands in the queue", Level::waiting);
    gauge(registry, level, all, "queue", "Most demands in the queue", Level::queue);
    for (Refusal reason : Refusal.values()) {
      FunctionCounter.builder(
              "daytona.admission.refused",
              level,
              now -> now.get().refused().getOrDefault(reason, 0L))
          .description("Demands that were not met, by reason")
          .tags(all.and("reason", reason.wire()))
          .register(registry);
    }
  }

  private static void gauge(
      MeterRegistry registry,
      Supplier<Level> level,
      Tags tags,
      String name,
      String help,
      ToDoubleFunction<Level> value) {
    Gauge.builder("daytona.admission." + name, level, now -> value.applyAsDouble(now.get()))
        .description(help)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }
}
