package io.daytona.http;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The reverse proxies that tell the truth about whom they speak for. {@code X-Forwarded-For} of
 * anybody else is what a client likes to be taken for.
 */
final class TrustedProxies {
  /** Nobody. */
  static final TrustedProxies NONE = new TrustedProxies(List.of());

  private final List<Network> networks;

  private TrustedProxies(List<Network> networks) {
    this.networks = networks;
  }

  private record Network(byte[] address, int bits) {
    boolean has(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> bit % 8;
        if ((address[bit / 8] & mask) != (other[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Reads a list.
   *
   * @param list addresses and networks, separated by commas
   * @throws IllegalArgumentException naming what is neither
   */
  static TrustedProxies of(String list) {
    return new TrustedProxies(
        Arrays.stream(list.split(",", -1))
            .map(String::strip)
            .filter(entry -> !entry.isEmpty())
            .map(TrustedProxies::network)
            .toList());
  }

  private static Network network(String entry) {
    int slash = entry.indexOf('/');
    byte[] address =
        literal(slash < 0 ? entry : entry.substring(0, slash))
            .map(InetAddress::getAddress)
            .orElseThrow(() -> wrong(entry));
    int bits = address.length * 8;
    if (slash >= 0) {
      String size = entry.substring(slash + 1);
      if (!size.matches("\\d{1,3}") || Integer.parseInt(size) > bits) {
        throw wrong(entry);
      }
      bits = Integer.parseInt(size);
    }
    return new Network(address, bits);
  }

  private static IllegalArgumentException wrong(String entry) {
    return new IllegalArgumentException(
        "trusted proxies are addresses and networks such as 10.0.0.7, 10.1.0.0/16 or fd00::/8, not "
            + entry);
  }

  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * The client behind a chain of proxies: the last one in the list that is not trusted.
   *
   * @param peer the other end of the connection
   * @param forwarded values of {@code X-Forwarded-For} in the order they were sent
   */
  InetAddress client(InetAddress peer, List<String> forwarded) {
    if (networks.isEmpty() || !trusted(peer)) {
      return peer;
    }
    List<String> chain =
        forwarded.stream().flatMap(value -> Arrays.stream(value.split(",", -1))).toList();
    InetAddress client = peer;
    for (String hop : chain.reversed()) {
      Optional<InetAddress> address = literal(bare(hop.strip()));
      if (address.isEmpty()) {
        return client;
      }
      client = address.get();
      if (!trusted(client)) {
        return client;
      }
    }
    return client;
  }

  private boolean trusted(InetAddress address) {
    return networks.stream().anyMatch(network -> network.has(address.getAddress()));
  }

  /** Some proxies add the port, and put addresses of IPv6 in brackets. */
  private static String bare(String hop) {
    if (hop.startsWith("[")) {
      int end = hop.indexOf(']');
      return end < 0 ? hop : hop.substring(1, end);
    }
    int colon = hop.indexOf(':');
    return colon >= 0 && colon == hop.lastIndexOf(':') ? hop.substring(0, colon) : hop;
  }
}
