package io.daytona.bench.client;

/** An answer that is not a success. */
public final class RefusedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  private final int status;

  RefusedException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }
}
