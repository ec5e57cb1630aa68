package io.daytona.server.postgres;

import org.jspecify.annotations.Nullable;

/** PostgreSQL cannot be made to run; the message says why. */
public final class PostgresException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A sentence for the operator. */
  public PostgresException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
