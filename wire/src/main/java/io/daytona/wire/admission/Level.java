package io.daytona.wire.admission;

import java.util.Map;

/**
 * How full something shared is.
 *
 * @param name its name in metrics
 * @param used units in use
 * @param total most of them
 * @param waiting demands that wait
 * @param queue most of them
 * @param refused demands that were not met so far, by reason; every reason is there
 */
public record Level(
    String name, long used, long total, int waiting, int queue, Map<Refusal, Long> refused) {
  /** Keeps a copy. */
  public Level {
    refused = Map.copyOf(refused);
  }
}
