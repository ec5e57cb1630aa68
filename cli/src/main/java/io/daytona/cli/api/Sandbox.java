package io.daytona.cli.api;

import io.daytona.cli.error.CliException;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox as the API describes it (control plane protocol §4).
 *
 * @param id its id
 * @param name its name
 * @param state its state
 * @param toolbox base of its Toolbox API, without a slash at its end
 */
public record Sandbox(String id, String name, String state, URI toolbox) {
  static Sandbox of(Map<String, @Nullable Object> json) {
    String id = text(json, "id");
    String proxy = text(json, "toolboxProxyUrl").replaceFirst("/+$", "");
    return new Sandbox(id, Json.text(json, "name"), text(json, "state"), url(proxy + "/" + id));
  }

  private static URI url(String text) {
    try {
      URI url = URI.create(text);
      if (Connection.isWeb(url)) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      throw unusable(text);
    }
    throw unusable(text);
  }

  private static CliException unusable(String url) {
    return new CliException(
        "the API names no http:// or https:// URL of the sandbox: " + url,
        "is DAYTONA_API_URL the URL of a Daytona API?");
  }

  private static String text(Map<String, @Nullable Object> json, String key) {
    String value = Json.text(json, key);
    if (value.isEmpty()) {
      throw new CliException(
          "the API's answer has no " + key, "is DAYTONA_API_URL the URL of a Daytona API?");
    }
    return value;
  }

  /**
   * This one, if programs can run in it.
   *
   * @throws CliException when it is not started
   */
  public Sandbox started() {
    if (!state.equals("started")) {
      throw new CliException(
          "the sandbox " + name + " is not started, it is " + state.replace('_', ' '),
          "start it first: sandbox.start() of any client, or POST /sandbox/" + id + "/start");
    }
    return this;
  }
}
