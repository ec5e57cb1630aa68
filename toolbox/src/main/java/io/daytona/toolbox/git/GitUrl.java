package io.daytona.toolbox.git;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of a remote repository, its credentials apart.
 *
 * @param text what git is given and stores; without user and password over HTTP
 * @param scope {@code https://host[:port]}; empty for other transports
 * @param username user that stood in the URL; empty when none
 * @param password password that stood in the URL; empty when none
 */
record GitUrl(String text, String scope, String username, String password) {
  /**
   * Of a longer one git cuts off its own words about what went wrong; and the patterns take a time
   * that grows with the square of it.
   */
  private static final int MAX_BYTES = 4000;

  private static final Set<String> SCHEMES = Set.of("http", "https", "ssh", "git", "file");
  private static final Pattern SCHEME = pattern("([A-Za-z][A-Za-z0-9+.-]*)://(.*)");
  private static final Pattern HELPER = pattern("[A-Za-z0-9+.-]*::.*");
  private static final Pattern LOCAL = pattern("(/|\\.{1,2}(/|$)|~(/|$)).*");
  private static final Pattern PORT = pattern("[^@:/\\[\\]]+:\\d{1,5}(/.*)?");
  private static final Pattern EMBEDDED = pattern("[^@/]+:[^/]*@.*");
  private static final Pattern SCP = pattern("([^@:/]+@)?(\\[[^\\]/]+\\]|[^@:/\\[\\]]+):.*");

  /**
   * Reads an address. One without a scheme is a path in the sandbox when it looks like one, {@code
   * user@host:path} is SSH, anything else is taken for {@code https://} (toolbox protocol §7.2).
   *
   * @throws io.daytona.wire.error.DaytonaException 400 for other transports and broken addresses
   */
  static GitUrl parse(Running sandbox, String raw) {
    if (raw.startsWith("-") || raw.isBlank() || raw.chars().anyMatch(Character::isISOControl)) {
      throw ToolboxError.badRequest("the URL of the remote is not valid");
    }
    if (raw.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw ToolboxError.badRequest(
          "the URL of the remote is too long, at most " + MAX_BYTES + " bytes are taken");
    }
    Matcher scheme = SCHEME.matcher(raw);
    if (scheme.matches()) {
      return withScheme(scheme.group(1).toLowerCase(Locale.ROOT), scheme.group(2));
    }
    if (HELPER.matcher(raw).matches()) {
      throw unsupported(raw.substring(0, raw.indexOf(':')));
    }
    if (LOCAL.matcher(raw).matches()) {
      return plain(SandboxPaths.absolute(sandbox, raw));
    }
    boolean host = PORT.matcher(raw).matches() || EMBEDDED.matcher(raw).matches();
    Matcher scp = SCP.matcher(raw);
    if (!host && scp.matches()) {
      checkedHost(scp.group(2));
      return plain(raw);
    }
    return withScheme("https", raw);
  }

  private static GitUrl withScheme(String scheme, String rest) {
    if (!SCHEMES.contains(scheme)) {
      throw unsupported(scheme);
    }
    if (scheme.equals("file")) {
      return plain("file://" + rest);
    }
    int end = authorityEnd(rest);
    int at = rest.lastIndexOf('@', end - 1);
    String host = checkedHost(rest.substring(at + 1, end));
    String user = at < 0 ? "" : rest.substring(0, at);
    String tail = rest.substring(end);
    if (!scheme.startsWith("http")) {
      int colon = user.indexOf(':');
      String kept = colon < 0 ? user : user.substring(0, colon);
      return plain(scheme + "://" + (at < 0 ? "" : checkedHost(kept) + "@") + host + tail);
    }
    int colon = user.indexOf(':');
    String scope = scheme + "://" + host;
    return new GitUrl(
        scope + tail,
        scope,
        decode(colon < 0 ? user : user.substring(0, colon)),
        colon < 0 ? "" : decode(user.substring(colon + 1)));
  }

  private static int authorityEnd(String rest) {
    for (int i = 0; i < rest.length(); i++) {
      if ("/?#".indexOf(rest.charAt(i)) >= 0) {
        return i;
      }
    }
    return rest.length();
  }

  private static String checkedHost(String host) {
    if (host.isEmpty() || host.startsWith("-")) {
      throw ToolboxError.badRequest("the URL of the remote names no host");
    }
    return host;
  }

  /** Paths hold line separators too. */
  private static Pattern pattern(String regex) {
    return Pattern.compile(regex, Pattern.DOTALL);
  }

  private static GitUrl plain(String text) {
    return new GitUrl(text, "", "", "");
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }

  private static DaytonaException unsupported(String scheme) {
    return ToolboxError.badRequest(
        "the transport '" + scheme + "' is not supported; use https, http, ssh, git or file");
  }

  @Override
  public String toString() {
    return text;
  }
}
