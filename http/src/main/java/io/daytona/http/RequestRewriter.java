package io.daytona.http;

import org.jspecify.annotations.Nullable;

/** Maps what a client asked for to the path that the endpoint table knows. */
@FunctionalInterface
public interface RequestRewriter {
  /** Routes every request by the path it came with. */
  RequestRewriter NONE = (host, path) -> null;

  /**
   * The path to route by.
   *
   * @param host host name of the request in lower case, without a port; empty when none was sent
   * @param path path as sent, percent-encoding untouched, without the query
   * @return the path that replaces it, or null to keep it
   */
  @Nullable String rewrite(String host, String path);
}
