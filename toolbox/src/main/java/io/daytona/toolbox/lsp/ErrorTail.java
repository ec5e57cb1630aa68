package io.daytona.toolbox.lsp;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The end of what a program wrote to its standard error. */
final class ErrorTail {
  private static final int KEPT = 4096;
  private static final int SHOWN = 300;

  private byte[] kept = {};

  /** Takes output. */
  synchronized void add(byte[] bytes) {
    int fromOld = Math.max(0, Math.min(kept.length, KEPT - bytes.length));
    int fromNew = Math.min(KEPT, bytes.length);
    byte[] joined = new byte[fromOld + fromNew];
    System.arraycopy(kept, kept.length - fromOld, joined, 0, fromOld);
    System.arraycopy(bytes, bytes.length - fromNew, joined, fromOld, fromNew);
    kept = joined;
  }

  /** Its last line that is not blank; data of the sandbox. */
  synchronized String lastLine() {
    List<String> lines =
        new String(kept, StandardCharsets.UTF_8).lines().filter(line -> !line.isBlank()).toList();
    return lines.isEmpty() ? "" : shorten(lines.getLast().strip());
  }

  /** A text of the sandbox in the length of a sentence. */
  static String shorten(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }
}
