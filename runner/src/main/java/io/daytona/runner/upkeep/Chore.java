package io.daytona.runner.upkeep;

import org.jspecify.annotations.Nullable;

/** A source of background work. */
public interface Chore {

  /** What it is, for logs. */
  String name();

  /**
   * The next piece of work, taken out of the source; null when there is none now.
   *
   * <p>Work that fails throws, after it has put what it took back: the chore then rests for a while
   * and is asked again.
   *
   * @param busy whether creates are in flight: only urgent work is offered then
   */
  @Nullable Runnable next(boolean busy);
}
