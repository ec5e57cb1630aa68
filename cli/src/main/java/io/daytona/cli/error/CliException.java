package io.daytona.cli.error;

/** A failure of the client itself, told to its user as a cause and a remedy. */
public final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  /**
   * @param cause what went wrong, without a full stop
   * @param remedy what the user can do, one or more lines; empty when there is nothing to say
   */
  public CliException(String cause, String remedy) {
    super(cause);
    this.remedy = remedy;
  }

  /** The text for the user. */
  public String text() {
    StringBuilder text = new StringBuilder("error: ").append(getMessage());
    remedy.lines().forEach(line -> text.append("\n  ").append(line));
    return text.toString();
  }
}
