package io.daytona.cli.command;

import io.daytona.cli.error.CliException;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Options;

/** One command of the client. */
public interface Command {
  /** The word that calls it. */
  String name();

  /** What it does, in a few words for the list of commands. */
  String summary();

  /** How it is called, without the name of the program and its own. */
  String synopsis();

  /** What its help says below the synopsis; paragraphs are lines. */
  String description();

  /** Its options; {@code --help} is added to them. */
  Options options();

  /** What its help says below the options; empty for nothing. */
  default String notes() {
    return "";
  }

  /**
   * Runs it.
   *
   * @param arguments options and words of the command line
   * @return the exit status
   * @throws UsageException when the command line makes no sense
   * @throws CliException when it fails
   */
  int run(CommandLine arguments) throws UsageException, InterruptedException;

  /** Exit status when it fails. */
  default int failureStatus() {
    return 1;
  }

  /** Exit status when the command line makes no sense. */
  default int usageStatus() {
    return 2;
  }
}
