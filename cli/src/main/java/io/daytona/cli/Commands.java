package io.daytona.cli;

import io.daytona.cli.command.Command;
import io.daytona.cli.command.CommandHelp;
import io.daytona.cli.command.UsageException;
import io.daytona.cli.error.CliException;
import io.daytona.cli.exec.ExecCommand;
import io.daytona.cli.terminal.Terminal;
import java.util.List;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/** The table of commands, and what holds for all of them. */
final class Commands {
  private static final int USAGE = 2;
  private static final String HELP = "help";

  private final Terminal terminal;
  private final List<Command> table;

  Commands(Terminal terminal) {
    this.terminal = terminal;
    this.table = List.of(new ExecCommand(terminal));
  }

  /**
   * Runs a command line.
   *
   * @return the exit status
   */
  int run(List<String> words) throws InterruptedException {
    String name = words.isEmpty() ? HELP : words.getFirst();
    List<String> rest = words.isEmpty() ? words : words.subList(1, words.size());
    return switch (name) {
      case HELP, "--help", "-h" -> help(rest);
      case "version", "--version", "-v" -> {
        terminal.print("daytona " + terminal.version() + "\n");
        yield 0;
      }
      default -> {
        Optional<Command> command = find(name);
        yield command.isPresent() ? run(command.get(), rest) : unknown(name);
      }
    };
  }

  private Optional<Command> find(String name) {
    return table.stream().filter(command -> command.name().equals(name)).findFirst();
  }

  private int run(Command command, List<String> words) throws InterruptedException {
    Options options = command.options();
    options.addOption(Option.builder("h").longOpt(HELP).desc("describes the command").get());
    try {
      CommandLine arguments = parse(options, words);
      if (arguments.hasOption(HELP)) {
        terminal.print(CommandHelp.of(command, options));
        return 0;
      }
      return command.run(arguments);
    } catch (UsageException e) {
      terminal.complain(
          new CliException(
              String.valueOf(e.getMessage()),
              "daytona "
                  + command.name()
                  + " "
                  + command.synopsis()
                  + "\ndaytona help "
                  + command.name()
                  + " describes it"));
      return command.usageStatus();
    } catch (CliException e) {
      terminal.complain(e);
      return command.failureStatus();
    }
  }

  private static CommandLine parse(Options options, List<String> words) throws UsageException {
    DefaultParser parser =
        DefaultParser.builder()
            .setAllowPartialMatching(false)
            .setStripLeadingAndTrailingQuotes(false)
            .get();
    try {
      return parser.parse(options, words.toArray(String[]::new));
    } catch (UnrecognizedOptionException e) {
      throw new UsageException("there is no option " + e.getOption());
    } catch (ParseException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private int help(List<String> words) throws InterruptedException {
    if (!words.isEmpty()) {
      Optional<Command> command = find(words.getFirst());
      return command.isPresent()
          ? run(command.get(), List.of("--help"))
          : unknown(words.getFirst());
    }
    StringBuilder text = new StringBuilder("usage: daytona COMMAND [ARGUMENT]...\n\n");
    for (Command command : table) {
      text.append(String.format("  %-9s %s%n", command.name(), command.summary()));
    }
    terminal.print(text.append("\ndaytona help COMMAND describes one.\n").toString());
    return 0;
  }

  private int unknown(String name) {
    terminal.complain(new CliException("unknown command " + name, "daytona help lists them"));
    return USAGE;
  }
}
