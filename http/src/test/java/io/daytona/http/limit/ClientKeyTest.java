package io.daytona.http.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class ClientKeyTest {
  private static String key(String address) {
    return ClientKey.of(InetAddress.ofLiteral(address));
  }

  @Test
  void everyAddressOfIpv4StandsForItself() {
    assertNotEquals(key("192.0.2.1"), key("192.0.2.2"));
    assertEquals(key("192.0.2.1"), key("::ffff:192.0.2.1"));
  }

  @Test
  void anAddressOfIpv6StandsForItsNetwork() {
    assertEquals(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assertNotEquals(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
  }
}
