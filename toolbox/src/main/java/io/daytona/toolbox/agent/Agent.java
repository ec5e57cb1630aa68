package io.daytona.toolbox.agent;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The primitives of one sandbox's agent (docs/protocols/agent.md). Safe for use by many threads;
 * calls block. Everything that comes back is untrusted data of the sandbox.
 *
 * <p>All methods throw {@link AgentException}: with the Linux errno and short code the agent gave,
 * or with code {@code lost} when the connection broke.
 */
public interface Agent extends AutoCloseable {

  /** Release of the agent, 1…64 characters. */
  String version();

  /** Random id of this boot of the sandbox, 16 hex digits. */
  String boot();

  /** What it can beyond its first release; a sandbox that was started earlier may lack some. */
  Set<Feature> features();

  /** Whether the connection is usable. */
  boolean isOpen();

  /** Sets host name, base environment, default user and working directory. */
  ResolvedIdentity identity(String hostname, Map<String, String> env, String user, String cwd);

  /**
   * Changes the base environment of programs started from now on, until the sandbox stops: removes
   * names, then variables by their value, then sets (toolbox protocol section 9, {@code POST
   * /env}). ENOSYS from an agent without {@link Feature#ENVIRONMENT}, E2BIG beyond 256 KiB.
   *
   * @return the base environment after the change, without what the agent adds for the user
   */
  Map<String, String> environment(EnvironmentChange change);

  /** Starts a program. */
  AgentProcess spawn(Spawn spawn);

  /**
   * Reads a detached process's output from an offset, at most what it has written so far: to what
   * is held now, or with {@code follow} to its end. Any number of streams may do so at once, each
   * at its own pace. When {@link AgentProcess#next} throws {@link AgentException#OVERRUN}, the
   * output came faster than it was taken and the ring has dropped some: attach again at {@link
   * AgentProcess#offset} and see {@link AgentProcess#lostBytes}.
   */
  AgentProcess attach(String process, long offset, boolean follow);

  /**
   * Writes bytes to the standard input or terminal of a running process; {@code last} ends the
   * input.
   */
  default void input(String process, byte[] bytes, boolean last) {
    input(process, bytes, last, false);
  }

  /**
   * The same; with {@code echo} the bytes also become output on channel 1 of a detached process,
   * before anything the program makes of them. ENOSYS for that from an agent without {@link
   * Feature#INPUT_ECHO}.
   */
  void input(String process, byte[] bytes, boolean last, boolean echo);

  /**
   * Opens the standard input or terminal of a running process for many writes. The caller closes
   * it.
   */
  AgentInput feed(String process);

  /** Resizes a terminal; its foreground process hears of it, also when the size is the old one. */
  void resize(String process, int cols, int rows);

  /**
   * Signals a process group, or with {@code tree} all descendants too. With signal 0 it only looks
   * whether anybody is there; an agent without {@link Feature#SUBREAPER} looks at the group alone
   * unless {@code tree}, and with it always finds somebody.
   */
  void signal(String process, int signal, boolean tree);

  /** Removes the record and the ring of an ended process. */
  void forget(String process);

  /** All processes this boot knows, newest first. */
  List<ProcessInfo> processes();

  /** Describes a path. */
  FileStat stat(String path, boolean followLinks);

  /** Lists a directory; the caller closes the listing. */
  FileListing list(String path);

  /**
   * Reads a regular file from an offset; {@code size} −1 means to its end. The caller closes the
   * download.
   */
  Download read(String path, long offset, long size);

  /** Begins to replace a file atomically; nothing is visible until {@link Upload#commit}. */
  Upload write(String path, int mode, boolean createParents);

  /**
   * Reads regular files one after the other, for agents with {@link Feature#MANY_FILES}. The caller
   * closes the series.
   */
  DownloadSeries readMany(List<String> paths);

  /**
   * Begins to replace files one after the other, each atomically and with missing parents, for
   * agents with {@link Feature#MANY_FILES}. The caller closes the series.
   */
  UploadSeries writeMany(int mode);

  /** Makes a directory; an existing one is fine. */
  void mkdir(String path, int mode, boolean parents);

  /** Removes a file, or with {@code recursive} a tree. */
  void remove(String path, boolean recursive);

  /** Renames; with {@code noReplace} an existing target is EEXIST. */
  void rename(String from, String to, boolean noReplace);

  /** Changes mode (−1: not), owner and group (empty: not). */
  void chmod(String path, int mode, String owner, String group);

  /** Connects to a TCP port inside the sandbox. */
  AgentSocket dial(String host, int port, Duration timeout);

  /** Ends everything inside: SIGTERM, after the timeout SIGKILL. */
  void shutdown(Duration timeout);

  @Override
  void close();

  /** What agents can beyond the first release of their protocol (docs/protocols/agent.md). */
  enum Feature {
    /** Takes a program's whole input with the request. */
    SPAWN_INPUT("spawn-input"),
    /** Starts a program only when a file is unchanged. */
    SPAWN_STAMP("spawn-stamp"),
    /** Lets programs that are not root open their own pipes as /dev/stdout and in /proc. */
    PIPE_OWNER("pipe-owner"),
    /** Repeats input in the output. */
    INPUT_ECHO("input-echo"),
    /** Changes the base environment. */
    ENVIRONMENT("environment"),
    /** Keeps the orphans of a program's descendants where {@link Agent#signal} finds them. */
    SUBREAPER("subreaper"),
    /** Reads and writes many files with one request. */
    MANY_FILES("many-files");

    private final String word;

    Feature(String word) {
      this.word = word;
    }

    /** The version of the protocol whose agents all have it. */
    public int impliedSince() {
      return 2;
    }

    /** Its name in the greeting. */
    public String word() {
      return word;
    }
  }

  /**
   * A change of the base environment, in the order in which it is carried out.
   *
   * @param unset names to remove
   * @param valuePrefix every variable whose value begins so is removed, unless it is set by this
   *     change; empty for none
   * @param set variables to set
   */
  record EnvironmentChange(Set<String> unset, String valuePrefix, Map<String, String> set) {}

  /**
   * What an identity became.
   *
   * @param home home directory of the user
   * @param cwd working directory, made real
   * @param user user name
   */
  record ResolvedIdentity(String home, String cwd, String user) {}

  /**
   * One process the agent knows.
   *
   * @param process its id, which outlives connections
   * @param pid pid inside the sandbox
   * @param label text given at spawn
   * @param running whether it runs
   * @param status exit code, or minus the signal; 0 while it runs
   * @param offset bytes of output so far
   * @param terminal present size of its terminal; null without one, when it has ended, and from an
   *     agent that does not tell
   */
  record ProcessInfo(
      String process,
      long pid,
      String label,
      boolean running,
      int status,
      long offset,
      Spawn.@Nullable Terminal terminal) {}
}
