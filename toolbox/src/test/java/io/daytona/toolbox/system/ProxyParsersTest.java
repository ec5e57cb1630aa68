package io.daytona.toolbox.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What a server in a sandbox may answer to a proxied request: heads, chunks, lengths; hosts behind
 * {@code a}.
 */
public final class ProxyParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nab",
          "HTTP/1.0 404\r\nLocation: /x\r\nConnection: close, X-Own\r\nX-Own: 1\r\n\r\nrest",
          String.join(
              "\r\n",
              "HTTP/1.1 100 Continue",
              "",
              "HTTP/1.1 200 OK",
              "Transfer-Encoding: chunked",
              "",
              "3;a=b",
              "abc",
              "0",
              "Trailer: x",
              "",
              ""),
          "HTTP/1.1 204 No Content\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
          "aLOCALHOST.:080",
          "auser@[::1]:3000");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    if (input.length > 0 && input[0] == 'a') {
      return authority(new String(input, 1, input.length - 1, StandardCharsets.ISO_8859_1));
    }
    try {
      ProxyReply reply = ProxyReply.read(new ByteArrayInputStream(input), "GET");
      assertTrue(reply.status() >= 200 && reply.status() <= 599, "a status that is none");
      for (var header : reply.headers()) {
        assertTrue(
            header.getValue().chars().noneMatch(c -> c < ' ' || c == 0x7f),
            "a header that ends itself");
      }
      assertTrue(
          reply.body().readAllBytes().length <= input.length, "a body of bytes that never came");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean authority(String written) {
    Optional<String> plain = ProxyAuthority.plain(written);
    plain.ifPresent(host -> {
      assertEquals(plain, ProxyAuthority.plain(host), "plain twice");
      assertTrue(host.indexOf('/') < 0 && host.indexOf('@') < 0, "no host");
    });
    return plain.isPresent();
  }

  @Test
  void aHostWithAnEmptyLabelIsNoPlainOne() {
    for (String host : List.of("a..", "a..b", ".a", "..")) {
      assertEquals(Optional.empty(), ProxyAuthority.plain(host), host);
    }
    assertEquals(Optional.of("a.b"), ProxyAuthority.plain("A.b."));
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
