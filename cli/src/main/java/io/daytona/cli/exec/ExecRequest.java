package io.daytona.cli.exec;

import io.daytona.cli.command.UsageException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * What is to run where.
 *
 * @param sandbox id or name
 * @param body the request to the Toolbox API (docs/toolbox.md)
 */
record ExecRequest(String sandbox, Map<String, ?> body) {
  static final String CWD = "cwd";
  static final String TIMEOUT = "timeout";
  static final String ENV = "env";

  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");
  private static final Pattern VARIABLE =
      Pattern.compile("[A-Za-z_][A-Za-z0-9_]*=.*", Pattern.DOTALL);

  /** A single word that a shell would understand as a program's name. */
  private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9_./:+,%@-]+");

  /**
   * Reads a command line.
   *
   * @param stdin whether standard input goes along
   */
  static ExecRequest of(CommandLine arguments, boolean stdin) throws UsageException {
    List<String> words = arguments.getArgList();
    if (words.size() < 2) {
      throw new UsageException(
          words.isEmpty() ? "which sandbox?" : "which command? write it behind --");
    }
    Map<String, Object> body = new LinkedHashMap<>();
    List<String> command = List.copyOf(words.subList(1, words.size()));
    if (command.size() == 1 && !PLAIN_WORD.matcher(command.getFirst()).matches()) {
      body.put("command", command.getFirst());
    } else {
      body.put("argv", command);
    }
    body.put("cwd", arguments.getOptionValue(CWD, ""));
    body.put("timeout", seconds(arguments.getOptionValue(TIMEOUT, "0")));
    body.put("envs", variables(arguments.getOptionValues(ENV)));
    body.put("stdin", stdin);
    return new ExecRequest(words.getFirst(), body);
  }

  private static long seconds(String text) throws UsageException {
    if (!SECONDS.matcher(text).matches()) {
      throw new UsageException("--timeout: " + text + " is no whole number of seconds");
    }
    return Long.parseLong(text);
  }

  private static Map<String, String> variables(String @Nullable [] pairs) throws UsageException {
    Map<String, String> variables = new LinkedHashMap<>();
    for (String pair : pairs == null ? new String[0] : pairs) {
      if (!VARIABLE.matcher(pair).matches()) {
        throw new UsageException("--env: KEY=VALUE is needed, and letters, digits and _ in KEY");
      }
      int at = pair.indexOf('=');
      variables.put(pair.substring(0, at), pair.substring(at + 1));
    }
    return variables;
  }
}
