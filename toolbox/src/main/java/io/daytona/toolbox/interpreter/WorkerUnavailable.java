package io.daytona.toolbox.interpreter;

/** A worker that could not be started. */
final class WorkerUnavailable extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean badDirectory;

  private WorkerUnavailable(String message, boolean badDirectory) {
    super(message);
    this.badDirectory = badDirectory;
  }

  /** The sandbox has no Python, or one that does not work. */
  static WorkerUnavailable because(String message) {
    return new WorkerUnavailable(message, false);
  }

  /** The working directory cannot be used. */
  static WorkerUnavailable badDirectory(String message) {
    return new WorkerUnavailable(message, true);
  }

  /** The reason, for people. */
  String text() {
    return String.valueOf(getMessage());
  }

  /** Whether the working directory is to blame. */
  boolean isBadDirectory() {
    return badDirectory;
  }
}
