package io.daytona.toolbox.system;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which headers a proxy passes on. */
final class ProxyHeaders {
  /** Those about one connection (RFC 9110 §7.6.1), and those that every hop writes itself. */
  private static final Set<String> OF_THE_HOP =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "content-length");

  private final Set<String> named = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  /**
   * @param headers all of a message
   */
  ProxyHeaders(Collection<Map.Entry<String, String>> headers) {
    for (Map.Entry<String, String> header : headers) {
      if (header.getKey().equalsIgnoreCase("Connection")) {
        for (String token : header.getValue().split(",", -1)) {
          named.add(token.strip());
        }
      }
    }
  }

  /** Whether a header is about this hop only. */
  boolean ofTheHop(String name) {
    return named.contains(name) || OF_THE_HOP.contains(name.toLowerCase(Locale.ROOT));
  }
}
