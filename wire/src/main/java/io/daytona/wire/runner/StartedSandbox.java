package io.daytona.wire.runner;

/**
 * A sandbox that runs.
 *
 * @param agentVersion release of the agent inside
 * @param slotHit whether a slot made ahead was used
 * @param micros where the time went: microseconds of slot, jailer and agent in this order
 */
public record StartedSandbox(String agentVersion, boolean slotHit, StartTimes micros) {

  /**
   * Microseconds spent on waiting for a slot and disk, in the jailer, and until the agent answered.
   */
  public record StartTimes(long slot, long jailer, long agent) {}
}
