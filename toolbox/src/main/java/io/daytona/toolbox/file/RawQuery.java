package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.PathBytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads query parameters that may be percent-encoded bytes which are not UTF-8. */
final class RawQuery {
  private RawQuery() {}

  /** First value of a parameter of a request's address as it was sent. */
  static Optional<String> value(String uri, String name) {
    int query = uri.indexOf('?');
    for (String pair : query < 0 ? new String[0] : uri.substring(query + 1).split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals >= 0 && decoded(pair.substring(0, equals)).equals(name)) {
        return Optional.of(decoded(pair.substring(equals + 1)));
      }
    }
    return Optional.empty();
  }

  private static String decoded(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    for (int at = 0; at < bytes.length; at++) {
      int high = at + 2 < bytes.length ? Character.digit(bytes[at + 1], 16) : -1;
      int low = high < 0 ? -1 : Character.digit(bytes[at + 2], 16);
      if (bytes[at] == '%' && low >= 0) {
        out.write((high << 4) | low);
        at += 2;
      } else {
        out.write(bytes[at] == '+' ? ' ' : bytes[at]);
      }
    }
    return PathBytes.decode(out.toByteArray());
  }
}
