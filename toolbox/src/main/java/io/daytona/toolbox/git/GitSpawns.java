package io.daytona.toolbox.git;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Spawn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns a run of git into a program to start: never interactive, untranslated, without hooks, for
 * the transports that the API knows, and with credentials out of everybody's sight.
 */
final class GitSpawns {
  /** Hands credentials to git (agent/askpass). */
  static final String ASKPASS = "/.daytona/bin/askpass";

  /** What a sandbox's own settings must not change about a run. */
  private static final List<String> CONFIG =
      List.of(
          "core.hooksPath=/dev/null",
          "core.fsmonitor=false",
          "safe.directory=*",
          "gc.auto=0",
          "maintenance.auto=false",
          "advice.detachedHead=false",
          "color.ui=false",
          "status.renames=true");

  /** A peer that sends nothing for ten minutes is gone. */
  private static final List<String> NETWORK_CONFIG =
      List.of("http.lowSpeedLimit=1", "http.lowSpeedTime=600");

  private static final List<String> LOGIN_CONFIG =
      List.of("credential.helper=", "credential.helper=" + ASKPASS, "credential.useHttpPath=false");

  /** What would send a run elsewhere or write down what goes over the wire. */
  private static final Set<String> UNSET =
      Set.of(
          "GIT_DIR",
          "GIT_WORK_TREE",
          "GIT_COMMON_DIR",
          "GIT_INDEX_FILE",
          "GIT_NAMESPACE",
          "GIT_CONFIG",
          "GIT_OBJECT_DIRECTORY",
          "GIT_ALTERNATE_OBJECT_DIRECTORIES",
          "GIT_GLOB_PATHSPECS",
          "GIT_NOGLOB_PATHSPECS",
          "GIT_ICASE_PATHSPECS",
          "GIT_AUTHOR_DATE",
          "GIT_COMMITTER_DATE",
          "GIT_TRACE",
          "GIT_TRACE_CURL",
          "GIT_TRACE_PACKET",
          "GIT_TRACE_REDACT",
          "GIT_TRACE2",
          "GIT_TRACE2_EVENT",
          "GIT_TRACE2_PERF",
          "GIT_CURL_VERBOSE",
          "SSH_ASKPASS");

  private GitSpawns() {}

  /**
   * The program to start.
   *
   * @param git the git program: a name to be looked up in the sandbox's PATH, or its path
   */
  static Spawn of(GitCommand command, String git) {
    List<String> argv = new ArrayList<>();
    GitCredentials login = command.credentials();
    if (login != null) {
      argv.addAll(List.of(ASKPASS, "run"));
    }
    argv.add(git);
    settings(argv, CONFIG);
    settings(argv, command.network() ? NETWORK_CONFIG : List.of());
    settings(argv, login == null ? List.of() : LOGIN_CONFIG);
    settings(argv, command.config());
    argv.addAll(command.arguments());
    String input = login == null ? command.input() : login.handover();
    Spawn plain = Spawn.merged(argv, env(command), command.directory()).unmerged().without(UNSET);
    Spawn fed = input == null ? plain : plain.withInput(input);
    return command.network() ? fed.notKilledOnClose() : fed;
  }

  private static void settings(List<String> argv, List<String> settings) {
    for (String setting : settings) {
      argv.add("-c");
      argv.add(setting);
    }
  }

  private static Map<String, String> env(GitCommand command) {
    Map<String, String> env = new HashMap<>();
    env.put("LC_ALL", "C");
    env.put("GIT_TERMINAL_PROMPT", "0");
    env.put("GIT_ASKPASS", command.credentials() == null ? "" : ASKPASS);
    env.put("SSH_ASKPASS_REQUIRE", "never");
    env.put("GCM_INTERACTIVE", "never");
    env.put("GIT_ALLOW_PROTOCOL", "https:http:ssh:git:file");
    env.put("GIT_LITERAL_PATHSPECS", "1");
    env.put("GIT_MERGE_AUTOEDIT", "no");
    // A directory inside a repository is not itself one (toolbox protocol §7.3).
    env.put("GIT_CEILING_DIRECTORIES", parent(command.directory()));
    env.putAll(command.env());
    return env;
  }

  private static String parent(String directory) {
    String clean = SandboxPaths.clean(directory);
    return clean.substring(0, Math.max(1, clean.lastIndexOf('/')));
  }
}
