package io.daytona.toolbox.session;

import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/** One command of a session. Safe for threads. */
final class Command {
  private final ProcessLabel label;
  private final String process;
  private final CompletableFuture<Integer> exit = new CompletableFuture<>();
  private boolean saved;
  private int readers;

  /**
   * @param label what it is
   * @param process the agent's id of its holder
   */
  Command(ProcessLabel label, String process) {
    this.label = label;
    this.process = process;
  }

  /** A command whose log is in a file. */
  static Command saved(ProcessLabel label, int exitCode) {
    Command command = new Command(label, "");
    command.saved = true;
    command.exit.complete(exitCode);
    return command;
  }

  String id() {
    return label.id();
  }

  long number() {
    return label.number();
  }

  ProcessLabel label() {
    return label;
  }

  String process() {
    return process;
  }

  /** Completes with the exit code; exceptionally when the sandbox went away. */
  CompletableFuture<Integer> exit() {
    return exit;
  }

  /** The exit code; empty while it has not ended. */
  OptionalInt exitCode() {
    return exit.isDone() && !exit.isCompletedExceptionally()
        ? OptionalInt.of(exit.join())
        : OptionalInt.empty();
  }

  /** Takes part in reading the ring; false when the log is in a file. */
  synchronized boolean enter() {
    if (saved) {
      return false;
    }
    readers++;
    return true;
  }

  synchronized void leave() {
    readers--;
    notifyAll();
  }

  /** From now on readers are to use the file; false while somebody reads the ring. */
  synchronized boolean switchToFile() {
    if (readers > 0) {
      return false;
    }
    saved = true;
    return true;
  }

  synchronized boolean isSaved() {
    return saved;
  }

  /** Waits until nobody reads, or for a point in {@link System#nanoTime}. */
  synchronized void awaitReaders(long deadline) throws InterruptedException {
    while (readers > 0) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return;
      }
      wait(millis);
    }
  }
}
