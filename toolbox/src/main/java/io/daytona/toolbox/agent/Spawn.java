package io.daytona.toolbox.agent;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A program to start inside a sandbox.
 *
 * @param argv program and arguments; the program is looked up in the PATH of its environment
 * @param env added to the base environment, wins
 * @param unset names removed from the base environment
 * @param cwd working directory; empty for the identity's
 * @param user user name; empty for the identity's
 * @param terminal terminal size; null for pipes
 * @param stdin whether standard input is a pipe that {@link AgentProcess#write} feeds; otherwise
 *     {@code /dev/null}
 * @param merge whether stderr goes into stdout in arrival order
 * @param detached whether the process and its output outlive the connection
 * @param ringBytes bound of a detached process's kept output in bytes; 0 for the agent's default of
 *     64 MiB
 * @param label free text shown by {@link Agent#processes}
 * @param process id chosen by the caller so that a repeated spawn finds the first; empty lets the
 *     agent choose
 * @param killOnClose whether closing the stream kills the process group
 */
public record Spawn(
    List<String> argv,
    Map<String, String> env,
    Set<String> unset,
    String cwd,
    String user,
    @org.jspecify.annotations.Nullable Terminal terminal,
    boolean stdin,
    boolean merge,
    boolean detached,
    long ringBytes,
    String label,
    String process,
    boolean killOnClose) {

  /**
   * Size of a terminal.
   *
   * @param cols columns, 1…1000
   * @param rows rows, 1…1000
   */
  public record Terminal(int cols, int rows) {}

  /** A program with pipes, no input, merged output, killed when its stream is closed. */
  public static Spawn merged(List<String> argv, Map<String, String> env, String cwd) {
    return new Spawn(argv, env, Set.of(), cwd, "", null, false, true, false, 0, "", "", true);
  }

  /** The same with a pipe as standard input. */
  public Spawn withStdin() {
    return new Spawn(
        argv,
        env,
        unset,
        cwd,
        user,
        terminal,
        true,
        merge,
        detached,
        ringBytes,
        label,
        process,
        killOnClose);
  }
}
