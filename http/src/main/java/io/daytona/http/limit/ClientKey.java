package io.daytona.http.limit;

import java.net.InetAddress;
import java.util.HexFormat;

/**
 * Names whom an address stands for: one of IPv4 stands for itself, one of IPv6 for its /64, which
 * is the least that a subscriber gets and can choose addresses from at will.
 */
final class ClientKey {
  private static final int IPV4_BYTES = 4;
  private static final int NETWORK_BYTES = 8;

  private ClientKey() {}

  static String of(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(bytes, 0, bytes.length == IPV4_BYTES ? IPV4_BYTES : NETWORK_BYTES);
  }
}
