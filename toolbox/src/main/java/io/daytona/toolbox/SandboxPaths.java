package io.daytona.toolbox;

import java.util.ArrayDeque;
import java.util.Deque;

/** Makes the paths that clients write absolute. */
public final class SandboxPaths {
  private SandboxPaths() {}

  /**
   * The absolute path: relative ones start from the working directory, {@code ~} and a leading
   * {@code ~/} stand for the home directory, an empty one is the working directory. Dots stay for
   * the sandbox's kernel to resolve.
   */
  public static String absolute(SandboxDirectory.Running sandbox, String path) {
    if (path.isEmpty() || path.equals(".")) {
      return sandbox.workdir();
    }
    if (path.startsWith("/")) {
      return path;
    }
    if (path.equals("~")) {
      return sandbox.home();
    }
    if (path.startsWith("~/")) {
      return join(sandbox.home(), path.substring(2));
    }
    return join(sandbox.workdir(), path);
  }

  /** A name below a directory. */
  public static String join(String directory, String name) {
    return directory.endsWith("/") ? directory + name : directory + "/" + name;
  }

  /** An absolute path without dots, doubled and trailing slashes, for display. */
  public static String clean(String absolute) {
    Deque<String> parts = new ArrayDeque<>();
    for (String part : absolute.split("/", -1)) {
      if (part.equals("..")) {
        parts.pollLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    return "/" + String.join("/", parts);
  }

  /**
   * The last part of a path, as the protocol's reference names files: {@code /} and {@code .} stand
   * for themselves.
   */
  public static String baseName(String path) {
    int end = path.length();
    while (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    String trimmed = path.substring(0, end);
    if (trimmed.isEmpty()) {
      return ".";
    }
    return trimmed.equals("/") ? trimmed : trimmed.substring(trimmed.lastIndexOf('/') + 1);
  }
}
