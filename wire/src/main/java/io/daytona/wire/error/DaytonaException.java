package io.daytona.wire.error;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An error that a client may see: wire code, HTTP status, what went wrong and what to do about it.
 *
 * <p>The message is the sentence shown to the client; a remedy, where there is one, is appended to
 * it after a blank. Messages never carry secrets. The HTTP edge is the only place that maps these
 * to replies.
 */
public final class DaytonaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final String code;
  private final @Nullable Duration retryAfter;

  /**
   * @param kind status and default code
   * @param code wire code such as {@code FILE_NOT_FOUND}
   * @param message sentence for the client
   * @param retryAfter when to try again; null where trying again does not help
   * @param cause what happened underneath; logged, never sent
   */
  public DaytonaException(
      ErrorKind kind,
      String code,
      String message,
      @Nullable Duration retryAfter,
      @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** An error of a kind with the kind's own wire code. */
  public static DaytonaException of(ErrorKind kind, String message) {
    return new DaytonaException(kind, kind.code(), message, null, null);
  }

  /** An error with a code of its own. */
  public static DaytonaException of(ErrorKind kind, String code, String message) {
    return new DaytonaException(kind, code, message, null, null);
  }

  /** An error of a kind, caused by another. */
  public static DaytonaException of(ErrorKind kind, String message, Throwable cause) {
    return new DaytonaException(kind, kind.code(), message, null, cause);
  }

  /** 400 with a sentence that says what is allowed. */
  public static DaytonaException badRequest(String message) {
    return of(ErrorKind.BAD_REQUEST, message);
  }

  /** 404. */
  public static DaytonaException notFound(String message) {
    return of(ErrorKind.NOT_FOUND, message);
  }

  /** 409. */
  public static DaytonaException conflict(String message) {
    return of(ErrorKind.CONFLICT, message);
  }

  /** 503 with {@code Retry-After}. */
  public static DaytonaException unavailable(String message, Duration retryAfter) {
    return new DaytonaException(
        ErrorKind.UNAVAILABLE, ErrorKind.UNAVAILABLE.code(), message, retryAfter, null);
  }

  /** 429 with {@code Retry-After}. */
  public static DaytonaException tooMany(String message, Duration retryAfter) {
    return new DaytonaException(
        ErrorKind.TOO_MANY_REQUESTS, ErrorKind.TOO_MANY_REQUESTS.code(), message, retryAfter, null);
  }

  /** Status and reason phrase. */
  public ErrorKind kind() {
    return kind;
  }

  /** Wire code, upper case with underscores. */
  public String code() {
    return code;
  }

  /** How long a client should wait before it tries again. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** The sentence for the client; never null. */
  public String sentence() {
    String message = getMessage();
    return message == null ? kind.reason() : message;
  }
}
