package io.daytona.wire.admission;

import java.util.Locale;

/** Why a demand was not met. */
public enum Refusal {
  /** As many wait as may: 503. */
  QUEUE_FULL,
  /** The organization has its share of what waits, or of the whole where nothing waits: 429. */
  SHARE_FULL,
  /** Its turn did not come in time: 503, or 429 where the organization's own share was full. */
  LATE,
  /** The client left while it waited. */
  LEFT,
  /** The server stops: 503. */
  STOPPING;

  /** Its name in metrics. */
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
