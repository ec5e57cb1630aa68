package io.daytona.server;

import io.daytona.server.config.ConfigException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param config configuration file
 * @param dataDir data directory, stronger than the configured one
 * @param printConfig whether only the effective configuration is printed
 * @param train whether this is the training run of the start-up cache
 * @param backup directory that gets what a backup holds
 * @param restore file with the rows that the empty database gets
 * @param help whether only the usage is printed
 */
record Options(
    @Nullable Path config,
    @Nullable Path dataDir,
    boolean printConfig,
    boolean train,
    @Nullable Path backup,
    @Nullable Path restore,
    boolean help) {

  static final String USAGE =
      """
      usage: server [--config FILE] [--data-dir DIRECTORY] [--print-config]

        --config FILE          lines of DAYTONA_SERVER_…=value; the environment is stronger
        --data-dir DIRECTORY   directory of all state
        --print-config         prints the effective configuration, secrets hidden, and ends
        --train                starts, asks itself a few things, and ends; bin/make-aot uses it
        --backup DIRECTORY     keeps copies of database and disks until its input ends
        --restore FILE         fills the empty database, and ends
      """;

  static Options parse(List<String> arguments) {
    Path config = null;
    Path dataDir = null;
    boolean printConfig = false;
    boolean train = false;
    Path backup = null;
    Path restore = null;
    boolean help = false;
    Iterator<String> rest = arguments.iterator();
    while (rest.hasNext()) {
      String option = rest.next();
      switch (option) {
        case "--config" -> config = path(option, rest);
        case "--data-dir" -> dataDir = path(option, rest);
        case "--print-config" -> printConfig = true;
        case "--train" -> train = true;
        case "--backup" -> backup = path(option, rest);
        case "--restore" -> restore = path(option, rest);
        case "--help", "-h" -> help = true;
        default -> throw new ConfigException("unknown option " + option + "\n" + USAGE);
      }
    }
    return new Options(config, dataDir, printConfig, train, backup, restore, help);
  }

  private static Path path(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new ConfigException(option + " needs a value\n" + USAGE);
    }
    return Path.of(rest.next()).toAbsolutePath();
  }
}
