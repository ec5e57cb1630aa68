package io.daytona.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.QueryString;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Hosts, addresses and cookies of requests to sandboxes. The first byte chooses the parser. */
public final class GatewayParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "h3000-box.preview.example:4000",
          "h2280-0f1e.anything",
          "u/p?a=1&%44AYTONA_SANDBOX_AUTH_KEY=secret&b=2",
          "ca=b; daytona-sandbox-auth-x=secret; c=d");

  private static final HostRewriter REWRITER = new HostRewriter("Preview.example:4000");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'h' -> host(rest);
      case 'u' -> uri(rest);
      case 'c' -> cookies(rest);
      default -> false;
    };
  }

  private static boolean host(String host) {
    String path = REWRITER.rewrite(host.replace(":4000", ""), "/x");
    if (path == null) {
      return false;
    }
    assertTrue(
        path.matches("/toolbox/[a-z0-9_-]+/x|/preview/[0-9]{1,5}/[a-z0-9_-]+/x"),
        "a path: " + path);
    return true;
  }

  private static boolean uri(String uri) {
    String stripped = StrippedCall.withoutKey(uri);
    Map<String, List<String>> left = new LinkedHashMap<>(QueryString.parse(query(uri)));
    boolean held = left.remove(SandboxAuthenticator.AUTH_KEY) != null;
    assertEquals(left, QueryString.parse(query(stripped)), "other parameters");
    return held;
  }

  private static @Nullable String query(String uri) {
    int mark = uri.indexOf('?');
    return mark < 0 ? null : uri.substring(mark + 1);
  }

  private static boolean cookies(String cookies) {
    String others = StrippedCall.otherCookies(cookies);
    assertEquals(others, StrippedCall.otherCookies(others), "stripped twice");
    for (String cookie : others.split(";", -1)) {
      assertTrue(!cookie.strip().startsWith("daytona-sandbox-auth-"), "a secret");
    }
    return others.length() < cookies.length();
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
