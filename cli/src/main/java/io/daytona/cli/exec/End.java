package io.daytona.cli.exec;

import io.daytona.cli.api.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a program in a sandbox ended (docs/toolbox.md).
 *
 * @param exitCode exit status in the manner of shells
 * @param reason {@code timeout}, {@code out of memory}, or empty
 * @param error why it was not started, or empty
 */
record End(int exitCode, String reason, String error) {
  static End of(int exitCode, Map<String, @Nullable Object> message) {
    return new End(exitCode, Json.text(message, "reason"), Json.text(message, "error"));
  }
}
