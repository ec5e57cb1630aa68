package io.daytona.toolbox.git;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a run of git gave.
 *
 * @param status exit code, or minus the signal
 * @param out standard output, as UTF-8
 * @param err the newest part of standard error, as UTF-8, without secrets
 */
record GitOutput(int status, String out, String err) {
  /** Whether git says that it did what it was asked for. */
  boolean succeeded() {
    return status == 0;
  }

  /** Standard output without the end of its last line. */
  String line() {
    return out.endsWith("\n") ? out.substring(0, out.length() - 1) : out;
  }

  /** The lines of standard output. */
  List<String> lines() {
    return out.lines().toList();
  }

  /** Bytes of a sandbox as text; what is not UTF-8 becomes U+FFFD. */
  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
