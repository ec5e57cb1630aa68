package io.daytona.toolbox.agent;

import java.time.Duration;
import java.util.List;
import java.util.Map;

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

  /** Whether the connection is usable. */
  boolean isOpen();

  /** Sets host name, base environment, default user and working directory. */
  ResolvedIdentity identity(String hostname, Map<String, String> env, String user, String cwd);

  /** Starts a program. */
  AgentProcess spawn(Spawn spawn);

  /** Follows a detached process from an offset of its output. */
  AgentProcess attach(String process, long offset, boolean follow);

  /**
   * Writes bytes to the standard input or terminal of a running process; {@code last} ends the
   * input.
   */
  void input(String process, byte[] bytes, boolean last);

  /** Resizes a terminal. */
  void resize(String process, int cols, int rows);

  /** Signals a process group, or with {@code tree} all descendants too. */
  void signal(String process, int signal, boolean tree);

  /** Removes the record and the ring of an ended process. */
  void forget(String process);

  /** All processes this boot knows. */
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
   */
  record ProcessInfo(
      String process, long pid, String label, boolean running, int status, long offset) {}
}
