package io.daytona.toolbox.agent;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A program to start inside a sandbox. Each method that begins a change answers a changed copy; an
 * object stays as it is. It has no text, because its variables and its input may be secrets.
 */
public final class Spawn {
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

  private List<String> argv;
  private Map<String, String> env;
  private Set<String> unset = Set.of();
  private String cwd;
  private @Nullable Terminal terminal;
  private boolean stdin;
  private boolean merge = true;
  private boolean detached;
  private long ringBytes;
  private String label = "";
  private String process = "";
  private boolean killOnClose = true;
  private @Nullable String input;
  private @Nullable Stamp unchanged;
  private boolean subreaper;

  private Spawn(List<String> argv, Map<String, String> env, String cwd) {
    this.argv = argv;
    this.env = env;
    this.cwd = cwd;
  }

  private Spawn(Spawn other) {
    this(other.argv, other.env, other.cwd);
    unset = other.unset;
    terminal = other.terminal;
    stdin = other.stdin;
    merge = other.merge;
    detached = other.detached;
    ringBytes = other.ringBytes;
    label = other.label;
    process = other.process;
    killOnClose = other.killOnClose;
    input = other.input;
    unchanged = other.unchanged;
    subreaper = other.subreaper;
  }

  private Spawn with(Consumer<Spawn> change) {
    Spawn changed = new Spawn(this);
    change.accept(changed);
    return changed;
  }

  /**
   * A program of the identity's user with pipes, {@code /dev/null} as input, and standard error
   * merged into standard output in the order of arrival, killed when its stream is closed.
   *
   * @param argv program and arguments; the program is looked up in the PATH of its environment
   * @param env added to the base environment, wins
   * @param cwd working directory; empty for the identity's
   */
  public static Spawn merged(List<String> argv, Map<String, String> env, String cwd) {
    return new Spawn(argv, env, cwd);
  }

  /** The same with a pipe as standard input, which {@link AgentProcess#write} feeds. */
  public Spawn withStdin() {
    return with(copy -> copy.stdin = true);
  }

  /** The same with everything that it reads, as UTF-8; at most 2 GiB. */
  public Spawn withInput(String all) {
    return with(copy -> {
      copy.stdin = true;
      copy.input = all;
    });
  }

  /** The same with another program. */
  public Spawn withArgv(List<String> other) {
    return with(copy -> copy.argv = other);
  }

  /** The same without variables of the base environment. */
  public Spawn without(Set<String> names) {
    return with(copy -> copy.unset = names);
  }

  /** The same with standard error apart, as channel 2. */
  public Spawn unmerged() {
    return with(copy -> copy.merge = false);
  }

  /** The same on a terminal instead of pipes. */
  public Spawn onTerminal(Terminal size) {
    return with(copy -> copy.terminal = size);
  }

  /** The same, but going on when its stream is closed. */
  public Spawn notKilledOnClose() {
    return with(copy -> copy.killOnClose = false);
  }

  /**
   * The same as a process that outlives its streams and keeps its output, until {@link
   * Agent#forget}.
   *
   * @param id 1–128 characters from ! to ~, so that a repeated spawn finds the first; empty lets
   *     the agent choose
   * @param text label of at most 4,096 bytes, shown by {@link Agent#processes}
   * @param keptBytes bound of the kept output, 64 KiB–4 GiB; 0 for 64 MiB
   */
  public Spawn detachedAs(String id, String text, long keptBytes) {
    return with(copy -> {
      copy.detached = true;
      copy.ringBytes = keptBytes;
      copy.label = text;
      copy.process = id;
      copy.killOnClose = false;
    });
  }

  /**
   * The same with its daemons within reach: descendants whose parents have ended stay descendants,
   * so that {@link Agent#signal} finds them. Costs one more process. Agents without {@link
   * Agent.Feature#SUBREAPER} ignore it.
   */
  public Spawn withSubreaper() {
    return with(copy -> copy.subreaper = true);
  }

  /** The same on condition that a file has not changed; otherwise {@link Errno#ESTALE}. */
  public Spawn provided(Stamp file) {
    return with(copy -> copy.unchanged = file);
  }

  /** Program and arguments. */
  public List<String> argv() {
    return argv;
  }

  /** Variables added to the base environment. */
  public Map<String, String> env() {
    return env;
  }

  /** Names removed from the base environment. */
  public Set<String> unset() {
    return unset;
  }

  /** Working directory; empty for the identity's. */
  public String cwd() {
    return cwd;
  }

  /** Size of the terminal; null for pipes. */
  public @Nullable Terminal terminal() {
    return terminal;
  }

  /** Whether standard input is a pipe. */
  public boolean stdin() {
    return stdin;
  }

  /** Whether standard error goes into standard output. */
  public boolean merge() {
    return merge;
  }

  /** Whether the process and its output outlive the connection. */
  public boolean detached() {
    return detached;
  }

  /** Bound of the kept output in bytes; 0 for the agent's default of 64 MiB. */
  public long ringBytes() {
    return ringBytes;
  }

  /** Text shown with the process. */
  public String label() {
    return label;
  }

  /** Id chosen by the caller; empty lets the agent choose. */
  public String process() {
    return process;
  }

  /** Whether closing the stream kills the process group. */
  public boolean killOnClose() {
    return killOnClose;
  }

  /** All that it reads; null when there is none or {@link AgentProcess#write} feeds it. */
  public @Nullable String input() {
    return input;
  }

  /** What must not have changed; null when nothing. */
  public @Nullable Stamp unchanged() {
    return unchanged;
  }

  /** See {@link #withSubreaper}. */
  public boolean subreaper() {
    return subreaper;
  }
}
