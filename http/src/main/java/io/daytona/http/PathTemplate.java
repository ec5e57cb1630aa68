package io.daytona.http;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A path with parameters in braces, each one segment. A slash at the end makes no difference, as
 * with the rows for requests.
 */
final class PathTemplate {
  private final List<String> segments;

  PathTemplate(String template) {
    this.segments = split(template);
  }

  /** Decoded parameters when a path, as sent, matches. */
  Optional<Map<String, String>> match(String path) {
    List<String> asked = split(path);
    if (asked.size() != segments.size()) {
      return Optional.empty();
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int at = 0; at < asked.size(); at++) {
      String segment = segments.get(at);
      String value = decode(asked.get(at));
      if (value == null) {
        return Optional.empty();
      }
      if (segment.startsWith("{") && !value.isEmpty()) {
        parameters.put(segment.substring(1, segment.length() - 1), value);
      } else if (!segment.equals(value)) {
        return Optional.empty();
      }
    }
    return Optional.of(parameters);
  }

  private static List<String> split(String path) {
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return List.of(trimmed.split("/", -1));
  }

  /** Percent-decoded, a plus sign being itself; null when an escape is broken. */
  private static @Nullable String decode(String segment) {
    if (segment.indexOf('%') < 0) {
      return segment;
    }
    byte[] from = segment.getBytes(StandardCharsets.UTF_8);
    byte[] to = new byte[from.length];
    int length = 0;
    for (int at = 0; at < from.length; at++) {
      if (from[at] != '%') {
        to[length++] = from[at];
        continue;
      }
      int high = at + 2 < from.length ? Character.digit(from[at + 1], 16) : -1;
      int low = high < 0 ? -1 : Character.digit(from[at + 2], 16);
      if (low < 0) {
        return null;
      }
      to[length++] = (byte) (high << 4 | low);
      at += 2;
    }
    return new String(to, 0, length, StandardCharsets.UTF_8);
  }
}
