package io.daytona.toolbox.git;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One run of git.
 *
 * @param directory working directory, absolute
 * @param arguments what follows {@code git}
 * @param config settings for this run only, {@code key=value}; never secrets
 * @param env variables for this run only; never secrets
 * @param input what git reads from standard input; null for nothing
 * @param credentials what a server may be told; null leaves it to what the sandbox has configured
 * @param network whether it talks to a remote: it then goes on when the platform goes away, so that
 *     nothing is left half done
 */
record GitCommand(
    String directory,
    List<String> arguments,
    List<String> config,
    Map<String, String> env,
    @Nullable String input,
    @Nullable GitCredentials credentials,
    boolean network) {

  /** A run without further settings. */
  static GitCommand in(String directory, List<String> arguments) {
    return new GitCommand(
        directory, List.copyOf(arguments), List.of(), Map.of(), null, null, false);
  }

  /** The same. */
  static GitCommand in(String directory, String... arguments) {
    return in(directory, List.of(arguments));
  }

  /** The same with a setting. */
  GitCommand with(String setting) {
    List<String> all = new ArrayList<>(config);
    all.add(setting);
    return new GitCommand(directory, arguments, all, env, input, credentials, network);
  }

  /** The same with a variable. */
  GitCommand env(String name, String value) {
    Map<String, String> all = new HashMap<>(env);
    all.put(name, value);
    return new GitCommand(directory, arguments, config, all, input, credentials, network);
  }

  /** The same with standard input. */
  GitCommand reading(String text) {
    return new GitCommand(directory, arguments, config, env, text, credentials, network);
  }

  /** The same with more arguments at its end. */
  GitCommand and(List<String> more) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(more);
    return new GitCommand(directory, all, config, env, input, credentials, network);
  }

  /**
   * The same as one that talks to a remote.
   *
   * @param login what the server may be told, null for what the sandbox has configured
   */
  GitCommand remote(@Nullable GitCredentials login) {
    return new GitCommand(directory, arguments, config, env, input, login, true);
  }
}
