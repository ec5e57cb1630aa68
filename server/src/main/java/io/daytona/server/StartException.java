package io.daytona.server;

import org.jspecify.annotations.Nullable;

/** The server cannot start; the message says why and what to do. */
final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
