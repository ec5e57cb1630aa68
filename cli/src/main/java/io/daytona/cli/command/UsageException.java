package io.daytona.cli.command;

/** A command line that makes no sense. */
public final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param cause what is wrong, without a full stop
   */
  public UsageException(String cause) {
    super(cause);
  }
}
