package io.daytona.toolbox.error;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;

/** The errors a toolbox handler raises, in the words of the protocol (toolbox protocol §11.1). */
public final class ToolboxError {
  /** Begins the message of a refused body. */
  static final String INVALID_BODY = "invalid body request: ";

  /** The same for {@code /process/execute}. */
  static final String EXECUTE_BODY = "bad request: invalid request body: ";

  private ToolboxError() {}

  /** 400 {@code BAD_REQUEST}. */
  public static DaytonaException badRequest(String what) {
    return DaytonaException.badRequest("bad request: " + what);
  }

  /** 400 {@code INVALID_REQUEST_BODY}. */
  public static DaytonaException invalidBody(String what) {
    return DaytonaException.of(ErrorKind.BAD_REQUEST, "INVALID_REQUEST_BODY", INVALID_BODY + what);
  }

  /** 408; clients since 0.201 know a code of its own for it. */
  public static DaytonaException executionTimeout(boolean structured) {
    return DaytonaException.of(
        ErrorKind.REQUEST_TIMEOUT,
        structured ? "PROCESS_EXECUTION_TIMEOUT" : ErrorKind.REQUEST_TIMEOUT.code(),
        "request timeout: command execution timeout");
  }
}
