package io.daytona.toolbox.telemetry;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/** URLs of OTLP receivers. */
final class Endpoints {
  private static final int MAX_LENGTH = 2_048;

  private Endpoints() {}

  /** A base URL, without a slash at its end; empty for anything that is none. */
  static Optional<URI> parse(String text) {
    if (text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      URI uri = new URI(text.replaceFirst("/+$", ""));
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      boolean usable =
          (scheme.equals("http") || scheme.equals("https"))
              && uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null
              && uri.getPort() <= 65_535
              && uri.getPort() != 0;
      return usable ? Optional.of(uri) : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /** Where messages of a signal go. */
  static URI of(URI base, Signal signal) {
    return URI.create(base + "/v1/" + signal.path());
  }
}
