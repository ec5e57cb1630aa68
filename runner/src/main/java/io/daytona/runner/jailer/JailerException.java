package io.daytona.runner.jailer;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A verb that the jailer refused. */
public final class JailerException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final Duration POOL_RETRY = Duration.ofSeconds(30);
  private static final Duration BUSY_RETRY = Duration.ofSeconds(1);

  private final JailerCode code;

  /**
   * @param code why
   * @param message the jailer's words: the call, the errno text and a remedy
   */
  public JailerException(JailerCode code, String message) {
    super(message);
    this.code = code;
  }

  /** Why. */
  public JailerCode code() {
    return code;
  }

  /**
   * The error a client sees.
   *
   * @param doing what the host was asked to do, such as {@code start the sandbox}
   */
  public DaytonaException toClient(String doing) {
    return switch (code) {
      case SPACE ->
          failure(ErrorKind.UNAVAILABLE, "This host has no room: " + getMessage(), POOL_RETRY);
      case BUSY ->
          failure(
              ErrorKind.UNAVAILABLE,
              "This host could not " + doing + " yet: " + getMessage(),
              BUSY_RETRY);
      case USAGE, ABSENT, EXISTS, SYSTEM ->
          failure(ErrorKind.INTERNAL, "This host could not " + doing + ": " + getMessage(), null);
    };
  }

  private DaytonaException failure(ErrorKind kind, String sentence, @Nullable Duration retry) {
    return new DaytonaException(kind, kind.code(), sentence, retry, this);
  }
}
