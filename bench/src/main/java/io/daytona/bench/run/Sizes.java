package io.daytona.bench.run;

import java.time.Duration;

/**
 * How much the rows with many sandboxes take.
 *
 * @param crowd sandboxes of the yardstick, and of the smaller burst
 * @param burst sandboxes of the larger burst and of the restart
 * @param idle sandboxes that are idle
 * @param rest how long they are left alone
 * @param sustained how long sandboxes are created and deleted without a break
 * @param burning sandboxes that burn CPU
 * @param containers most containers of Docker in a row with idle ones, which cost it much more
 */
public record Sizes(
    int crowd,
    int burst,
    int idle,
    Duration rest,
    Duration sustained,
    int burning,
    int containers) {

  /** Those of the results. */
  public static Sizes full() {
    return new Sizes(100, 300, 500, Duration.ofMinutes(5), Duration.ofMinutes(1), 20, 20);
  }

  /** Those that only show that the rows work. */
  public static Sizes tiny() {
    return new Sizes(3, 5, 5, Duration.ofSeconds(2), Duration.ofSeconds(2), 2, 2);
  }
}
