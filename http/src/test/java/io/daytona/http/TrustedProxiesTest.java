package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
  private static final TrustedProxies PROXIES = TrustedProxies.of("10.0.0.7, 10.1.0.0/16,fd00::/8");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        // Whoever is no proxy speaks for itself only.
        "192.0.2.1 | 203.0.113.9            | 192.0.2.1",
        "10.0.0.8  | 203.0.113.9            | 10.0.0.8",
        "10.0.0.7  | 203.0.113.9            | 203.0.113.9",
        // What stands before the first hop that is not trusted was written by the client.
        "10.0.0.7  | 6.6.6.6, 203.0.113.9   | 203.0.113.9",
        "10.0.0.7  | 203.0.113.9, 10.1.2.3  | 203.0.113.9",
        "10.1.9.9  | 203.0.113.9:4711       | 203.0.113.9",
        "fd00::1   | [2001:db8::1]:443      | 2001:db8:0:0:0:0:0:1",
        "10.0.0.7  | nonsense               | 10.0.0.7",
        "10.0.0.7  | nonsense, 10.1.2.3     | 10.1.2.3",
        "10.0.0.7  | localhost              | 10.0.0.7",
      })
  void theLastOneThatIsNotTrustedIsTheClient(String peer, String forwarded, String client) {
    assertEquals(
        client, PROXIES.client(InetAddress.ofLiteral(peer), List.of(forwarded)).getHostAddress());
  }

  @Test
  void severalHeadersAreOneList() {
    assertEquals(
        "203.0.113.9",
        PROXIES
            .client(
                InetAddress.ofLiteral("10.0.0.7"), List.of("6.6.6.6", "203.0.113.9", "10.1.0.1"))
            .getHostAddress());
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy.example", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129"})
  void whatIsNoNetworkIsNamed(String entry) {
    assertThrows(IllegalArgumentException.class, () -> TrustedProxies.of("10.0.0.7," + entry));
  }
}
