package io.daytona.cli.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.help.HelpFormatter;
import org.apache.commons.cli.help.TextHelpAppendable;

/** Words the help of a command. */
public final class CommandHelp {
  private CommandHelp() {}

  /**
   * The text of {@code --help}.
   *
   * @param options all options of the command
   */
  public static String of(Command command, Options options) {
    StringBuilder text = new StringBuilder();
    TextHelpAppendable target = new TextHelpAppendable(text);
    target.setMaxWidth(100);
    target.setIndent(0);
    HelpFormatter formatter =
        HelpFormatter.builder().setHelpAppendable(target).setShowSince(false).get();

    try {
      formatter.printHelp(
          "daytona " + command.name() + " " + command.synopsis(),
          command.description(),
          options,
          command.notes(),
          false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
