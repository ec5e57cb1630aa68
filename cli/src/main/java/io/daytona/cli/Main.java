package io.daytona.cli;

import io.daytona.cli.terminal.Terminal;
import java.util.List;

/** {@code daytona}: the client of the platform's users. */
public final class Main {
  private Main() {}

  /** Runs one command and ends with its exit status. */
  public static void main(String[] arguments) throws InterruptedException {
    System.exit(new Commands(Terminal.ofProcess()).run(List.of(arguments)));
  }
}
