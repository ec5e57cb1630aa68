package io.daytona.toolbox.system;

import io.daytona.http.Call;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a program's redirects lead, in the words of its client (toolbox protocol §1.8): places of
 * the program are below the path that the proxy serves it at. A client follows a redirect to the
 * same host with its credentials, so nothing that a program says may lead it to another path there:
 * to another sandbox, or to another row of the toolbox.
 */
final class ProxyLocation {
  /** RFC 3986, appendix B: scheme, authority, path, query and fragment. */
  private static final Pattern REFERENCE =
      Pattern.compile("(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\\?[^#]*)?(#.*)?");

  private static final Pattern DOT = Pattern.compile("\\.|%2e", Pattern.CASE_INSENSITIVE);
  private static final Set<String> WEB = Set.of("http", "https");

  private final String prefix;
  private final String base;
  private final Set<String> hosts;

  /**
   * @param call the request
   * @param port of the program
   */
  ProxyLocation(Call<?> call, int port) {
    String path = call.uri().split("\\?", 2)[0];
    String rest = call.rest();
    String before = path.substring(0, path.length() - rest.length());
    this.prefix = before.endsWith("/") ? before.substring(0, before.length() - 1) : before;
    this.base = "/" + rest;
    Stream<String> program = Stream.of("localhost", "127.0.0.1", "[::1]").map(h -> h + ":" + port);
    Stream<String> proxy =
        Stream.of(call.header("Host"), call.header("X-Forwarded-Host"))
            .flatMap(Optional::stream)
            .flatMap(names -> Stream.of(names.split(",", -1)));
    this.hosts =
        Stream.concat(program, proxy)
            .map(ProxyAuthority::plain)
            .flatMap(Optional::stream)
            .collect(Collectors.toUnmodifiableSet());
  }

  /** The location as the client is to see it; places elsewhere stay what they are. */
  String outside(String location) {
    String plain = encoded(location.strip());
    Matcher parts = REFERENCE.matcher(plain);
    if (!parts.matches()) {
      throw new IllegalStateException("every text is a reference");
    }
    String scheme = parts.group(1);
    String authority = text(parts.group(2));
    if ((scheme != null && !WEB.contains(scheme.toLowerCase(Locale.ROOT))) || !ours(authority)) {
      return plain;
    }
    String target = target(parts.group(3), scheme == null && authority.isEmpty());
    boolean outside = target.equals(prefix) || target.startsWith(prefix + "/");
    return (outside ? "" : prefix) + target + text(parts.group(4)) + text(parts.group(5));
  }

  /** Clients read "http:/path" and "http:///path" as they like; here it is a path. */
  private boolean ours(String authority) {
    return authority.isEmpty() || ProxyAuthority.plain(authority).map(hosts::contains).orElse(true);
  }

  private String target(String path, boolean relative) {
    if (!relative || path.startsWith("/")) {
      return normal(path);
    }
    return normal(path.isEmpty() ? base : base.substring(0, base.lastIndexOf('/') + 1) + path);
  }

  private static String text(@Nullable String part) {
    return part == null ? "" : part;
  }

  /** Without dots, however they are spelled; never above the root, and one slash in front. */
  private static String normal(String path) {
    Deque<String> kept = new ArrayDeque<>();
    boolean directory = true;
    for (String segment : path.split("/", -1)) {
      String plain = DOT.matcher(segment).replaceAll(".");
      boolean dots = plain.equals(".") || plain.equals("..");
      directory = dots || segment.isEmpty();
      if (plain.equals("..")) {
        kept.pollLast();
      } else if (!dots && !(kept.isEmpty() && segment.isEmpty())) {
        kept.add(segment);
      }
    }
    if (directory && !kept.isEmpty() && !kept.getLast().isEmpty()) {
      kept.add("");
    }
    return "/" + String.join("/", kept);
  }

  /** What no reference holds is encoded, so that every client reads the same. */
  private static String encoded(String location) {
    StringBuilder text = new StringBuilder(location.length());
    for (int at = 0; at < location.length(); at++) {
      char c = location.charAt(at);
      if (c <= ' ' || c >= 0x7f || "\"<>\\^`{|}".indexOf(c) >= 0) {
        text.append("%%%02X".formatted((int) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
