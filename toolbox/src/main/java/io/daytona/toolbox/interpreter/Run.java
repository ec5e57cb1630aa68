package io.daytona.toolbox.interpreter;

import java.util.Map;

/**
 * One execution.
 *
 * @param id unique also across restarts of the platform
 * @param code source
 * @param envs variables for this execution
 * @param timeoutSeconds 0 for none
 * @param outbox takes what the client is told
 */
record Run(String id, String code, Map<String, String> envs, long timeoutSeconds, Outbox outbox) {

  /** Ends it before or while it runs. */
  void close(int code, String reason) {
    outbox.finish(code, reason);
  }
}
