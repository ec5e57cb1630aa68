package io.daytona.toolbox.process;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import org.jspecify.annotations.Nullable;

/**
 * The last message of a live execution, in the exit codes that shells use.
 *
 * @param exitCode the program's, 128 + the signal that ended it, 124 when its time was up, 127 when
 *     there is no such program, 126 when it cannot be started
 * @param signal name of the signal that ended it
 * @param reason {@code timeout}, or {@code out of memory}
 * @param error why it was not started
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record LiveEnd(
    int exitCode, @Nullable String signal, @Nullable String reason, @Nullable String error) {
  private static final int TIMED_OUT = 124;
  private static final int NOT_STARTED = 126;
  private static final int NOT_FOUND = 127;
  private static final int SIGNALLED = 128;

  /** A program that was killed because its time was up. */
  static LiveEnd timedOut() {
    return new LiveEnd(TIMED_OUT, null, "timeout", null);
  }

  /**
   * A program that ended.
   *
   * @param status exit code, or minus the signal
   */
  static LiveEnd of(int status, boolean outOfMemory) {
    String reason = outOfMemory ? "out of memory" : null;
    return status < 0
        ? new LiveEnd(SIGNALLED - status, Signals.name(-status), reason, null)
        : new LiveEnd(status, null, reason, null);
  }

  /** A program that was not started. */
  static LiveEnd notStarted(StartFailure failure, String program, String cwd) {
    if (failure.isMissing()) {
      return new LiveEnd(NOT_FOUND, null, null, program + ": command not found");
    }
    String what = failure.isOfDirectory() ? "the directory " + cwd : program;
    return new LiveEnd(NOT_STARTED, null, null, what + ": " + failure.reason());
  }

  String json() {
    try {
      return Json.mapper().writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
