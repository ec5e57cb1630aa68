package io.daytona.http;

/**
 * An endpoint table below a prefix.
 *
 * @param prefix path before every template, without a slash at its end; may hold parameters
 * @param table the table
 * @param authenticator lets requests in
 * @param errors shape of its error replies
 * @param observer hears of requests that were let in
 * @param maxJsonBytes largest JSON body in bytes
 */
record Mount(
    String prefix,
    EndpointTable table,
    Authenticator authenticator,
    ErrorRenderer errors,
    RequestObserver observer,
    long maxJsonBytes) {

  Mount {
    if (!prefix.isEmpty() && (!prefix.startsWith("/") || prefix.endsWith("/"))) {
      throw new IllegalArgumentException(
          "a prefix begins with a slash and does not end with one: " + prefix);
    }
  }

  /** The part of the prefix before its first parameter. */
  String fixedPrefix() {
    int brace = prefix.indexOf('{');
    return brace < 0 ? prefix : prefix.substring(0, brace);
  }

  /** Whether a path belongs to this mount, known or not. */
  boolean covers(String path) {
    String fixed = fixedPrefix();
    return path.startsWith(fixed)
        && (fixed.isEmpty()
            || fixed.endsWith("/")
            || path.length() == fixed.length()
            || path.charAt(fixed.length()) == '/');
  }
}
