package io.daytona.cli.exec;

import io.daytona.cli.api.Api;
import io.daytona.cli.api.Connection;
import io.daytona.cli.api.Sandbox;
import io.daytona.cli.command.Command;
import io.daytona.cli.command.UsageException;
import io.daytona.cli.error.CliException;
import io.daytona.cli.terminal.Terminal;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/** {@code daytona exec}: runs a program in a sandbox as if it ran here. */
public final class ExecCommand implements Command {
  /** Exit status that says that no program ran, or that its end is unknown. */
  private static final int OWN_FAILURE = 125;

  private static final long GRACE_MILLIS = 2_000;

  private final Terminal terminal;

  /**
   * @param terminal where this process's input comes from and its output goes
   */
  public ExecCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public String name() {
    return "exec";
  }

  @Override
  public String summary() {
    return "runs a program in a sandbox";
  }

  @Override
  public String synopsis() {
    return "NAME [OPTION]... -- COMMAND [ARGUMENT]...";
  }

  @Override
  public String description() {
    return """
    Runs a program in the started sandbox NAME (its id or name), with its output as it comes. Standard input goes \
    along unless it is a terminal. Arguments reach the program as they are; a single word with blanks or other \
    characters that mean something to a shell is run by the sandbox's shell.\
    """;
  }

  @Override
  public String notes() {
    return """
    Exit status: the program's; 128 + the signal that ended it; 124 when --timeout ended it; 125 when daytona \
    itself failed; 126 when the program or the directory cannot be used; 127 when there is no such program.\
    """;
  }

  @Override
  public Options options() {
    return new Options()
        .addOption(
            option(
                null, ExecRequest.CWD, "DIRECTORY", "working directory (default: the sandbox's)"))
        .addOption(
            option(
                null,
                ExecRequest.TIMEOUT,
                "SECONDS",
                "ends the program after so many seconds (default: never)"))
        .addOption(
            option("e", ExecRequest.ENV, "KEY=VALUE", "variable for the program; may be repeated"));
  }

  private static Option option(@Nullable String letter, String name, String value, String text) {
    return Option.builder(letter).longOpt(name).hasArg().argName(value).desc(text).get();
  }

  @Override
  public int run(CommandLine arguments) throws UsageException, InterruptedException {
    ExecRequest request = ExecRequest.of(arguments, !terminal.inputIsTerminal());
    Api api = new Api(Connection.of(terminal.environment()), terminal.version());
    Sandbox sandbox = api.sandbox(request.sandbox()).started();
    LiveCommand live =
        new LiveCommand(api, sandbox.toolbox(), request.body(), terminal.out(), terminal.err());
    // Ctrl-C, SIGTERM and SIGHUP end this process by way of its shutdown hooks.
    Thread hook = Thread.ofPlatform().unstarted(() -> live.interrupt(GRACE_MILLIS));
    Runtime.getRuntime().addShutdownHook(hook);
    if (!terminal.inputIsTerminal()) {
      Thread.ofPlatform().daemon().name("input").start(() -> live.feed(terminal.in()));
    }
    End end = live.await();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // A signal came first; its hook finds that all is done.
      return end.exitCode();
    }
    explain(end);
    return end.exitCode();
  }

  private void explain(End end) {
    if (!end.error().isEmpty()) {
      terminal.complain(new CliException(end.error(), ""));
    } else if (end.reason().equals("timeout")) {
      terminal.complain(
          new CliException(
              "the program was ended because its time was up", "give it more by --timeout"));
    } else if (!end.reason().isEmpty()) {
      terminal.complain(
          new CliException(
              "the program was ended: " + end.reason(), "give the sandbox more memory"));
    }
  }

  @Override
  public int failureStatus() {
    return OWN_FAILURE;
  }

  @Override
  public int usageStatus() {
    return OWN_FAILURE;
  }
}
