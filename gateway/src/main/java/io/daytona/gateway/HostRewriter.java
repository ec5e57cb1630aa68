package io.daytona.gateway;

import io.daytona.http.RequestRewriter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Maps preview hosts to paths: {@code 2280-{id}.…} is the toolbox of that sandbox, whatever domain
 * follows (control-plane protocol §7.2). Other ports of the proxy's domain map to a path below
 * {@code /preview} that no route serves, so that a path of theirs is never taken for one of ours.
 */
final class HostRewriter implements RequestRewriter {
  private static final Pattern LABEL =
      Pattern.compile("(\\d{1,5})-([a-z0-9][a-z0-9_-]{0,127})\\.(.+)");
  private static final String TOOLBOX_PORT = "2280";

  private final String domain;

  HostRewriter(String proxyDomain) {
    int port = proxyDomain.lastIndexOf(':');
    String host = port < 0 ? proxyDomain : proxyDomain.substring(0, port);
    this.domain = host.toLowerCase(Locale.ROOT);
  }

  @Override
  public @Nullable String rewrite(String host, String path) {
    Matcher label = LABEL.matcher(host);
    if (!label.matches()) {
      return null;
    }
    if (label.group(1).equals(TOOLBOX_PORT)) {
      return "/toolbox/" + label.group(2) + path;
    }
    return label.group(3).equals(domain)
        ? "/preview/" + label.group(1) + "/" + label.group(2) + path
        : null;
  }
}
