package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.error.ToolboxError;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What clients call a document. Their libraries put {@code file://} before any path, so that {@code
 * file://project/a.py} means a path relative to the working directory (toolbox protocol §8.2).
 */
final class DocumentUri {
  private static final String SCHEME = "file://";
  private static final String PLAIN =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

  private DocumentUri() {}

  /** The absolute path of a document or project. */
  static String path(Running sandbox, String uri) {
    String path = uri.startsWith(SCHEME) ? uri.substring(SCHEME.length()) : uri;
    if (path.indexOf('\0') >= 0) {
      throw ToolboxError.badRequest("a path must not contain NUL");
    }
    return SandboxPaths.clean(SandboxPaths.absolute(sandbox, path));
  }

  /** The text without percent-encoding; empty when nothing in it is encoded. */
  static Optional<String> decoded(String uri) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] text = uri.getBytes(StandardCharsets.UTF_8);
    boolean changed = false;
    for (int i = 0; i < text.length; i++) {
      int high = i + 2 < text.length ? Character.digit(text[i + 1], 16) : -1;
      int low = i + 2 < text.length ? Character.digit(text[i + 2], 16) : -1;
      if (text[i] == '%' && high >= 0 && low >= 0) {
        bytes.write(high * 16 + low);
        i += 2;
        changed = true;
      } else {
        bytes.write(text[i]);
      }
    }
    return changed ? Optional.of(bytes.toString(StandardCharsets.UTF_8)) : Optional.empty();
  }

  /** The URI of an absolute path as servers must get it. */
  static String of(String path) {
    StringBuilder uri = new StringBuilder(SCHEME);
    for (byte next : path.getBytes(StandardCharsets.UTF_8)) {
      if (PLAIN.indexOf(next) >= 0) {
        uri.append((char) next);
      } else {
        uri.append('%').append("%02X".formatted(Byte.toUnsignedInt(next)));
      }
    }
    return uri.toString();
  }

  /** The path that a server's URI names, however it encodes it. */
  static String pathOfServers(String uri) {
    String path = uri.startsWith(SCHEME) ? uri.substring(SCHEME.length()) : uri;
    return decoded(path).orElse(path);
  }
}
