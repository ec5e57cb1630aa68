package io.daytona.http.limit;

import io.daytona.http.Limiter;

/**
 * A principal whose requests are counted. Others are not, as those of the platform's own services
 * (control-plane protocol §1.8).
 */
public interface Counted {
  /** With whom it is counted together: id of the organization, else of the user. */
  String countedAs();

  /**
   * What is allowed to it.
   *
   * @param limiter one that counts by organization
   * @param configured what is allowed to everybody
   */
  RateLimit allowed(Limiter limiter, RateLimit configured);
}
