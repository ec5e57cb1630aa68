package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Heads of requests as clients and proxies send them. The first byte chooses the parser. */
public final class PathParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "qa=b&c[0]=%41+d&e",
          "p/sandbox/a%20b/files/x",
          "p/sandbox/%C3%A4/files/y/",
          "f10.0.0.7, fd00::/8\n1.2.3.4, [2001:db8::1]:7, 10.0.0.7:80",
          "f10.1.0.0/16\n10.1.2.3",
          "ohttps, http\nbox.example:8443\nx\n443",
          "o\n\n[::1]\n8080");

  private static final PathTemplate TEMPLATE = new PathTemplate("/sandbox/{id}/files/{name}");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'q' -> !QueryString.parse(rest).isEmpty();
      case 'f' -> forwarded(lines(rest, 2));
      case 'o' -> origin(lines(rest, 4));
      case 'p' -> TEMPLATE.match(rest).filter(found -> found.size() == 2).isPresent();
      default -> false;
    };
  }

  private static List<String> lines(String text, int count) {
    return Arrays.asList(Arrays.copyOf((text + "\n".repeat(count)).split("\n", -1), count));
  }

  private static boolean forwarded(List<String> lines) {
    InetAddress peer = InetAddress.ofLiteral("10.0.0.7");
    TrustedProxies proxies;
    try {
      proxies = TrustedProxies.of(lines.get(0));
    } catch (IllegalArgumentException e) {
      return false;
    }
    InetAddress client = proxies.client(peer, List.of(lines.get(1)));
    assertEquals(client, proxies.client(peer, List.of(lines.get(1).split(",", -1))), "split");
    assertEquals(peer, TrustedProxies.NONE.client(peer, lines), "a word of somebody unknown");
    return true;
  }

  private static boolean origin(List<String> lines) {
    Map<String, String> headers =
        Map.of(
            "X-Forwarded-Proto", lines.get(0),
            "X-Forwarded-Host", lines.get(1),
            "Host", lines.get(2),
            "X-Forwarded-Port", lines.get(3));
    String origin = RequestCall.origin("http", name -> Optional.ofNullable(headers.get(name)));
    assertTrue(
        origin.matches("https?://[A-Za-z0-9._~\\[\\]:-]{1,255}(:[0-9]{1,5})?"), "origin " + origin);
    return !origin.endsWith("localhost");
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
