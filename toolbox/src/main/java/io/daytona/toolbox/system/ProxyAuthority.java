package io.daytona.toolbox.system;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Host and port of a URL in one spelling, however they were written. */
final class ProxyAuthority {
  private static final Pattern HOST_PORT = Pattern.compile("(\\[[^\\]]*]|[^:]*)(?::0*(\\d{0,5}))?");
  private static final Pattern NAME = Pattern.compile("[a-z0-9._~!$&'()*+,;=-]*");

  /** Clients read a name that ends in a number as an IPv4 address. */
  private static final Pattern NUMERIC = Pattern.compile("(?:.*\\.)?(?:\\d+|0x[0-9a-f]*)");

  /** No name has one, and clients leave out a dot or refuse. */
  private static final Pattern EMPTY_LABEL = Pattern.compile("^\\.|\\.\\.|\\.$");

  private static final Pattern QUAD =
      Pattern.compile("(?:(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])(?:\\.(?!$)|$)){4}");

  private ProxyAuthority() {}

  /**
   * Lower case, without a user, a default port or a dot at the end; empty when clients differ in
   * what they make of it.
   */
  static Optional<String> plain(String written) {
    String text = written.substring(written.lastIndexOf('@') + 1).strip().toLowerCase(Locale.ROOT);
    Matcher parts = HOST_PORT.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    String port = parts.group(2) == null ? "" : parts.group(2);
    boolean normal = port.isEmpty() || port.equals("80") || port.equals("443");
    return host(parts.group(1)).map(host -> normal ? host : host + ":" + port);
  }

  private static Optional<String> host(String written) {
    if (written.startsWith("[")) {
      try {
        return Optional.of("[" + InetAddress.ofLiteral(written).getHostAddress() + "]");
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
    }
    String host = written.endsWith(".") ? written.substring(0, written.length() - 1) : written;
    boolean odd =
        (NUMERIC.matcher(host).matches() && !QUAD.matcher(host).matches())
            || EMPTY_LABEL.matcher(host).find();
    return NAME.matcher(host).matches() && !odd ? Optional.of(host) : Optional.empty();
  }
}
