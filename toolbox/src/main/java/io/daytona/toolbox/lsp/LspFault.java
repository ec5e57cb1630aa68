package io.daytona.toolbox.lsp;

import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;

/** What can go wrong with a language server (toolbox protocol §8.2). */
final class LspFault {
  /** Code that clients since 0.201 tell apart. */
  private static final String NOT_INITIALIZED = "LSP_SERVER_NOT_INITIALIZED";

  private LspFault() {}

  /** 400: nobody started it, or the platform was restarted since. */
  static DaytonaException notInitialized(ServerKey key) {
    return DaytonaException.of(
        ErrorKind.BAD_REQUEST,
        NOT_INITIALIZED,
        "server not initialized: start the " + key + " first");
  }

  /** 400: it runs no longer. */
  static DaytonaException ended(ServerKey key, String reason) {
    return DaytonaException.of(
        ErrorKind.BAD_REQUEST,
        NOT_INITIALIZED,
        "server not initialized: the " + key + " " + reason + "; start it again");
  }

  /** The same for clients that know the code of the status only. */
  static DaytonaException forOldClient(DaytonaException e) {
    return e.code().equals(NOT_INITIALIZED)
        ? DaytonaException.of(ErrorKind.BAD_REQUEST, e.sentence())
        : e;
  }

  /** 422: the image lacks what runs the server. */
  static DaytonaException noInterpreter(Language language) {
    return DaytonaException.of(
        ErrorKind.UNPROCESSABLE,
        "%s was not found in the sandbox; install %s %s or later in its image to use language servers for %s"
            .formatted(
                language.interpreter(), language.interpreter(), language.since(), language.id()));
  }

  /** 422: the sandbox was started by a platform that did not bring the server. */
  static DaytonaException notBrought(String location) {
    return DaytonaException.of(
        ErrorKind.UNPROCESSABLE,
        "the sandbox lacks the platform's "
            + location
            + "; stop and start it to use language servers");
  }

  /** 422: it ended before it could be used. */
  static DaytonaException notStarted(ServerKey key, String reason) {
    return DaytonaException.of(
        ErrorKind.UNPROCESSABLE,
        "the %s %s; it needs %s %s or later in the image"
            .formatted(key, reason, key.language().interpreter(), key.language().since()));
  }

  /** 408: it is too slow or hangs. */
  static DaytonaException timeout(ServerKey key, String method, Duration limit) {
    return DaytonaException.of(
        ErrorKind.REQUEST_TIMEOUT,
        "request timeout: the "
            + key
            + " did not answer "
            + method
            + " within "
            + limit.toMillis() / 1000.0
            + " s; stop and start it if this lasts");
  }

  /** 400: too many servers at once. */
  static DaytonaException tooMany(int limit) {
    return ToolboxError.badRequest(
        limit + " language servers run in the sandbox, which is the limit; stop one first");
  }

  /** 400: the server refused a request. */
  static DaytonaException refused(ServerKey key, String text) {
    String line = text.lines().findFirst().orElse("");
    return ToolboxError.badRequest("the " + key + " answered: " + ErrorTail.shorten(line));
  }
}
