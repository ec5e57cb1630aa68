package io.daytona.http;

import java.util.Optional;

/** The limiters of request rates (control-plane protocol §1.9); each counts for itself. */
public enum Limiter {
  /** Requests to what anybody may ask, by the address of the client. */
  ANONYMOUS("anonymous"),
  /** Refusals with 401, by the address of the client. */
  FAILED_AUTH("failed-auth"),
  /** Authenticated requests that have no limiter of their own, by organization. */
  AUTHENTICATED("authenticated"),
  /** Creations of sandboxes, by organization. */
  SANDBOX_CREATE("sandbox-create"),
  /** Changes of sandboxes' states, by organization. */
  SANDBOX_LIFECYCLE("sandbox-lifecycle");

  private final String wire;

  Limiter(String wire) {
    this.wire = wire;
  }

  /** Its name in headers. */
  public String wire() {
    return wire;
  }

  /** What requests to a row count for unless its table says otherwise. */
  static Optional<Limiter> usual(Access access) {
    return Optional.of(access instanceof Access.Public ? ANONYMOUS : AUTHENTICATED);
  }
}
