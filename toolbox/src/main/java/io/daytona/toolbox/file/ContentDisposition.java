package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.PathBytes;
import java.util.HexFormat;

/** Writes file names into headers so that clients find them again (toolbox protocol §6.3). */
final class ContentDisposition {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

  private ContentDisposition() {}

  /**
   * Both forms of a name: {@code filename="…"} in Latin-1 with {@code _} for anything else, and
   * {@code filename*} with every byte.
   */
  static String parameters(String name) {
    return "filename=\"" + quoted(name) + "\"; filename*=utf-8''" + percentEncoded(name);
  }

  private static String quoted(String name) {
    StringBuilder text = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\');
      }
      // A control character would end the header.
      text.append(c > 0xff || Character.isISOControl(c) ? '_' : c);
    }
    return text.toString();
  }

  private static String percentEncoded(String name) {
    StringBuilder text = new StringBuilder(name.length() + 16);
    for (byte b : PathBytes.encode(name)) {
      if (b > 0 && UNRESERVED.indexOf(b) >= 0) {
        text.append((char) b);
      } else {
        text.append('%').append(HEX.toHexDigits(b));
      }
    }
    return text.toString();
  }
}
