package io.daytona.http;

import java.util.Optional;

/** What authenticators and observers see of a row of an endpoint table, of either kind. */
public interface Route {
  /** Template below the mount point, parameters in braces. */
  String path();

  /** Operation id, unique in its table. */
  String operation();

  /** One sentence for the OpenAPI document. */
  String summary();

  /** What the caller must have. */
  Access access();

  /** What a request counts for; empty for one that is never counted. */
  default Optional<Limiter> limiter() {
    return Limiter.usual(access());
  }
}
