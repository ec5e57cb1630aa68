package io.daytona.toolbox.session;

/**
 * How much of ended commands is kept per sandbox.
 *
 * @param inAgent logs that the agent keeps, of 4,096 processes that it can know; older ones are
 *     saved to files of the sandbox
 * @param inFiles logs kept in files; the oldest beyond that are removed
 */
public record SessionLimits(int inAgent, int inFiles) {
  /** What the platform uses. */
  public static final SessionLimits DEFAULT = new SessionLimits(1_000, 10_000);
}
