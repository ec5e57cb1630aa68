package io.daytona.toolbox.agent;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
 * @param input everything the program reads from standard input, as UTF-8; null when there is none
 *     or when {@link AgentProcess#write} feeds it
 * @param unchanged what must not have changed for the program to be started: otherwise {@link
 *     Errno#ESTALE}; null when nothing
 * @param subreaper whether descendants whose parents have ended stay descendants, so that {@link
 *     Agent#signal} finds daemons too; costs one more process. Agents without {@link
 *     Agent.Feature#SUBREAPER} ignore it
 */
public record Spawn(
    List<String> argv,
    Map<String, String> env,
    Set<String> unset,
    String cwd,
    String user,
    @Nullable Terminal terminal,
    boolean stdin,
    boolean merge,
    boolean detached,
    long ringBytes,
    String label,
    String process,
    boolean killOnClose,
    @Nullable String input,
    @Nullable Stamp unchanged,
    boolean subreaper) {

  /**
   * Size of a terminal.
   *
   * @param cols columns, 1…1000
   * @param rows rows, 1…1000
   */
  public record Terminal(int cols, int rows) {}

  /**
   * The state of a file, by which one content is told from the next.
   *
   * @param path the file, links are followed
   * @param mtimeNanos modification time in nanoseconds since 1970, 0 when there is no file
   * @param size bytes, −1 when there is no file
   */
  public record Stamp(String path, long mtimeNanos, long size) {
    /** The state of a file that was described. */
    public static Stamp of(String path, FileStat stat) {
      return new Stamp(path, stat.mtimeNanos(), stat.size());
    }

    /** Of a file that is not there or cannot be reached. */
    public static Stamp absent(String path) {
      return new Stamp(path, 0, -1);
    }
  }

  /** A program without input given beforehand, whatever the state of files. */
  public Spawn(
      List<String> argv,
      Map<String, String> env,
      Set<String> unset,
      String cwd,
      String user,
      @Nullable Terminal terminal,
      boolean stdin,
      boolean merge,
      boolean detached,
      long ringBytes,
      String label,
      String process,
      boolean killOnClose) {
    this(
        argv,
        env,
        unset,
        cwd,
        user,
        terminal,
        stdin,
        merge,
        detached,
        ringBytes,
        label,
        process,
        killOnClose,
        null,
        null,
        false);
  }

  /** A program with pipes, no input, merged output, killed when its stream is closed. */
  public static Spawn merged(List<String> argv, Map<String, String> env, String cwd) {
    return new Spawn(argv, env, Set.of(), cwd, "", null, false, true, false, 0, "", "", true);
  }

  /** The same with a pipe as standard input. */
  public Spawn withStdin() {
    return with(true, input, unchanged);
  }

  /** The same with everything that it reads; at most 2 GiB. */
  public Spawn withInput(String all) {
    return with(true, all, unchanged);
  }

  /** The same with another program. */
  public Spawn withArgv(List<String> other) {
    return new Spawn(
        other,
        env,
        unset,
        cwd,
        user,
        terminal,
        stdin,
        merge,
        detached,
        ringBytes,
        label,
        process,
        killOnClose,
        input,
        unchanged,
        subreaper);
  }

  /** The same with standard error apart, as channel 2. */
  public Spawn unmerged() {
    return new Spawn(
        argv,
        env,
        unset,
        cwd,
        user,
        terminal,
        stdin,
        false,
        detached,
        ringBytes,
        label,
        process,
        killOnClose,
        input,
        unchanged,
        subreaper);
  }

  /** The same on a terminal instead of pipes. */
  public Spawn onTerminal(Terminal size) {
    return new Spawn(
        argv,
        env,
        unset,
        cwd,
        user,
        size,
        stdin,
        merge,
        detached,
        ringBytes,
        label,
        process,
        killOnClose,
        input,
        unchanged,
        subreaper);
  }

  /**
   * The same as a process that outlives its streams and keeps its output, until {@link
   * Agent#forget}.
   *
   * @param id 1–128 characters from ! to ~; empty lets the agent choose
   * @param text label of at most 4,096 bytes
   * @param keptBytes bound of the kept output, 64 KiB–4 GiB; 0 for 64 MiB
   */
  public Spawn detachedAs(String id, String text, long keptBytes) {
    return new Spawn(
        argv, env, unset, cwd, user, terminal, stdin, merge, true, keptBytes, text, id, false,
        input, unchanged, subreaper);
  }

  /** The same with its daemons within reach, see {@link #subreaper()}. */
  public Spawn withSubreaper() {
    return new Spawn(
        argv,
        env,
        unset,
        cwd,
        user,
        terminal,
        stdin,
        merge,
        detached,
        ringBytes,
        label,
        process,
        killOnClose,
        input,
        unchanged,
        true);
  }

  /** The same on condition that a file has not changed. */
  public Spawn provided(Stamp file) {
    return with(stdin, input, file);
  }

  private Spawn with(boolean pipe, @Nullable String all, @Nullable Stamp file) {
    return new Spawn(
        argv,
        env,
        unset,
        cwd,
        user,
        terminal,
        pipe,
        merge,
        detached,
        ringBytes,
        label,
        process,
        killOnClose,
        all,
        file,
        subreaper);
  }
}
