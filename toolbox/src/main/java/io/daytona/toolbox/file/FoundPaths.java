package io.daytona.toolbox.file;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.PathBytes;

/**
 * Gives the paths that the file tool found below a root the form in which the client wrote the root
 * (toolbox protocol §6.2), so that they can be given back in the next call.
 *
 * @param root absolute path as given to the tool
 * @param asked the root as the client wrote it
 */
record FoundPaths(String root, String asked) {
  FoundPaths {
    int end = root.length();
    while (end > 1 && root.charAt(end - 1) == '/') {
      end--;
    }
    root = root.substring(0, end);
  }

  /** As the client would write it. */
  String asAsked(byte[] found) {
    String below = below(found);
    return PathBytes.shown(below.isEmpty() ? asked : joined(below));
  }

  /** Absolute, without dots. */
  String absolute(byte[] found) {
    String clean = SandboxPaths.clean(root);
    String below = below(found);
    return below.isEmpty() ? clean : SandboxPaths.join(clean, below);
  }

  /** Relative to the root, empty for the root itself. */
  String below(byte[] found) {
    String path = PathBytes.decode(found);
    if (!path.startsWith(root) || path.length() == root.length()) {
      return "";
    }
    return path.substring(path.charAt(root.length()) == '/' ? root.length() + 1 : root.length());
  }

  private String joined(String below) {
    StringBuilder text = new StringBuilder(asked.startsWith("/") ? "/" : "");
    for (String part : asked.split("/", -1)) {
      if (!part.isEmpty() && !part.equals(".")) {
        text.append(part).append('/');
      }
    }
    text.append(below);
    // A file may have the name that stands for the home directory.
    boolean takenForHome = text.charAt(0) == '~' && !asked.startsWith("~");
    return takenForHome ? "./" + text : text.toString();
  }
}
