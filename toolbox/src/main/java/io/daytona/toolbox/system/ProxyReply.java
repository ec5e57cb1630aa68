package io.daytona.toolbox.system;

import io.daytona.http.RawReply;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A reply of a program in a sandbox, which may send anything: only what is valid HTTP/1 passes.
 *
 * @param status 200…599
 * @param headers all but those of the hop
 * @param contentType media type, empty when absent
 * @param length bytes of the body, -1 when unknown
 * @param body the body, decoded
 */
record ProxyReply(
    int status,
    List<Map.Entry<String, String>> headers,
    String contentType,
    long length,
    InputStream body) {

  private static final int MAX_HEAD_BYTES = 32 << 10;
  private static final Pattern STATUS =
      Pattern.compile("HTTP/1\\.[01] (\\d{3})(?: .*)?", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /**
   * What the listener says of itself, whatever the program says; what speaks for the whole host,
   * which all sandboxes share; and what a proxy in front of the listener would obey.
   */
  private static final Set<String> OF_THE_LISTENER =
      Set.of(
          "x-request-id",
          "x-daytona-api-version",
          "server-timing",
          "alt-svc",
          "clear-site-data",
          "service-worker-allowed",
          "strict-transport-security",
          "x-accel-redirect",
          "x-sendfile");

  /**
   * Reads the head of a reply.
   *
   * @param method method of the request
   * @throws IOException when what comes is no reply
   */
  static ProxyReply read(InputStream from, String method) throws IOException {
    InputStream in = new BufferedInputStream(from, 16 << 10);
    ProxyLines lines = new ProxyLines(in, MAX_HEAD_BYTES);
    int status;
    List<Map.Entry<String, String>> all;
    do {
      status = status(lines.next());
      all = headers(lines);
    } while (status < 200 && status != 101);
    if (status == 101 || status > 599) {
      throw new IOException("status " + status + " is not understood");
    }
    return reply(status, all, in, !method.equals("HEAD") && status != 204 && status != 304);
  }

  private static int status(String line) throws IOException {
    Matcher matcher = STATUS.matcher(line);
    if (!matcher.matches()) {
      throw new IOException("it does not begin with an HTTP status line");
    }
    return Integer.parseInt(matcher.group(1));
  }

  private static List<Map.Entry<String, String>> headers(ProxyLines lines) throws IOException {
    List<Map.Entry<String, String>> headers = new ArrayList<>();
    for (String line = lines.next(); !line.isEmpty(); line = lines.next()) {
      int colon = line.indexOf(':');
      String name = colon < 0 ? line : line.substring(0, colon);
      if (colon < 0 || !NAME.matcher(name).matches()) {
        throw new IOException("a header has no valid name");
      }
      headers.add(Map.entry(name, line.substring(colon + 1).strip()));
    }
    return headers;
  }

  private static ProxyReply reply(
      int status, List<Map.Entry<String, String>> all, InputStream in, boolean hasBody)
      throws IOException {
    boolean chunked = false;
    long length = -1;
    String contentType = "";
    ProxyHeaders passed = new ProxyHeaders(all);
    List<Map.Entry<String, String>> kept = new ArrayList<>();
    for (Map.Entry<String, String> header : all) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      switch (name) {
        case "transfer-encoding" -> chunked = chunked(header.getValue());
        case "content-length" -> length = length(header.getValue(), length);
        case "content-type" -> contentType = header.getValue();
        default -> {
          if (!passed.ofTheHop(name) && !OF_THE_LISTENER.contains(name)) {
            kept.add(header);
          }
        }
      }
    }
    InputStream body;
    if (!hasBody) {
      body = InputStream.nullInputStream();
      length = status == 204 || status == 304 ? -1 : length;
    } else if (chunked) {
      body = new ProxyChunks(in);
      length = -1;
    } else {
      body = length < 0 ? in : new ProxyLength(in, length);
    }
    return new ProxyReply(status, kept, contentType, length, body);
  }

  private static boolean chunked(String coding) throws IOException {
    if (!coding.equalsIgnoreCase("chunked")) {
      throw new IOException("the transfer coding is not understood");
    }
    return true;
  }

  private static long length(String text, long before) throws IOException {
    if (!text.matches("\\d{1,18}") || (before >= 0 && before != Long.parseLong(text))) {
      throw new IOException("the content length is not valid");
    }
    return Long.parseLong(text);
  }

  /** The reply to the client, with redirects as it needs them. */
  RawReply with(ProxyLocation location, RawReply.Writer writer) {
    Map<String, String> once = new LinkedHashMap<>();
    List<Map.Entry<String, String>> further = new ArrayList<>();
    Set<String> seen = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    for (Map.Entry<String, String> header : headers) {
      String value =
          header.getKey().equalsIgnoreCase("Location")
              ? location.outside(header.getValue())
              : header.getValue();
      if (seen.add(header.getKey())) {
        once.put(header.getKey(), value);
      } else {
        further.add(Map.entry(header.getKey(), value));
      }
    }
    return new RawReply(status, contentType, length, once, further, writer);
  }
}
