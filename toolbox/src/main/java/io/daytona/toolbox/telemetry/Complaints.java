package io.daytona.toolbox.telemetry;

import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says in the log that telemetry is not taken: at most one line in a minute. */
final class Complaints {
  private static final Logger LOG = LoggerFactory.getLogger(Complaints.class);
  private static final long PAUSE = TimeUnit.MINUTES.toNanos(1);

  private final boolean silent;
  private boolean said;
  private long saidAt;
  private long unsaid;

  /** Says what the operator should know. */
  Complaints() {
    this(false);
  }

  private Complaints(boolean silent) {
    this.silent = silent;
  }

  /** Says nothing: a receiver that a sandbox names is no concern of the operator's. */
  static Complaints silent() {
    return new Complaints(true);
  }

  /**
   * A message was not taken.
   *
   * @param receiver whose URL holds no secret
   * @param reason null when it was not even tried
   */
  synchronized void note(URI receiver, @Nullable String reason) {
    long now = System.nanoTime();
    unsaid++;
    if (silent || reason == null || (said && now - saidAt < PAUSE)) {
      return;
    }
    LOG.warn(
        "telemetry of sandboxes is not taken by {}: {} ({} messages since the last such line)",
        receiver,
        reason,
        unsaid);
    said = true;
    saidAt = now;
    unsaid = 0;
  }
}
