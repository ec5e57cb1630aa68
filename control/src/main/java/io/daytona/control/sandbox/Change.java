package io.daytona.control.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * What a transition changes beside the state.
 *
 * @param reason why, for the journal; null when the trigger says it all
 * @param errorReason what went wrong, for clients; null clears it
 * @param authToken a new preview token; null keeps the one there is
 * @param daemonVersion release of the agent inside; null keeps the one there is
 */
record Change(
    @Nullable String reason,
    @Nullable String errorReason,
    @Nullable String authToken,
    @Nullable String daemonVersion) {

  /** Nothing but the state. */
  static final Change NONE = new Change(null, null, null, null);

  static Change because(String reason) {
    return new Change(reason, null, null, null);
  }

  static Change failed(String reason) {
    return new Change(reason, reason, null, null);
  }

  static Change token(String authToken) {
    return new Change(null, null, authToken, null);
  }

  static Change running(String daemonVersion) {
    return new Change(null, null, null, daemonVersion);
  }
}
