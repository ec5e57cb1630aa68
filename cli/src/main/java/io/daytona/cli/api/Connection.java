package io.daytona.cli.api;

import io.daytona.cli.error.CliException;
import java.net.URI;
import java.util.Map;

/**
 * Where the API is and who asks.
 *
 * @param url base of the API, without a slash at its end
 * @param key API key; never shown
 */
public record Connection(URI url, String key) {
  private static final String URL = "DAYTONA_API_URL";
  private static final String KEY = "DAYTONA_API_KEY";

  /**
   * What the environment says.
   *
   * @throws CliException when it does not name an API
   */
  public static Connection of(Map<String, String> environment) {
    String url = environment.getOrDefault(URL, "");
    String key = environment.getOrDefault(KEY, "");
    if (url.isEmpty() || key.isEmpty()) {
      String missing =
          url.isEmpty()
              ? (key.isEmpty() ? URL + " and " + KEY + " are" : URL + " is")
              : KEY + " is";
      throw new CliException(missing + " not set", remedy());
    }
    if (!key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new CliException(KEY + " is no API key: it holds blanks or odd characters", remedy());
    }
    return new Connection(parsed(url), key);
  }

  private static URI parsed(String url) {
    try {
      URI parsed = URI.create(url.replaceFirst("/+$", ""));
      if (isWeb(parsed)) {
        return parsed;
      }
    } catch (IllegalArgumentException e) {
      throw new CliException(URL + " is no URL: " + e.getMessage(), remedy());
    }
    throw new CliException(URL + " is no http:// or https:// URL: " + url, remedy());
  }

  static boolean isWeb(URI url) {
    return url.getHost() != null && String.valueOf(url.getScheme()).matches("https?");
  }

  private static String remedy() {
    return """
    a platform on this machine:   eval "$(sudo ./daytona env)"
    another one:                  export DAYTONA_API_URL=https://HOST/api
                                  export DAYTONA_API_KEY=dtn_…\
    """;
  }

  /** Without the key. */
  @Override
  public String toString() {
    return url.toString();
  }
}
