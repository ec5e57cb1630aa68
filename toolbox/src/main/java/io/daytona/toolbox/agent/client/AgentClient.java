package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentSocket;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.Upload;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client of one sandbox's agent over its Unix socket. Safe for use by many threads; every call
 * is a stream of its own on one connection. What the agent sends is checked, and whatever the
 * protocol does not allow ends the connection: all calls then fail with {@link
 * AgentException#LOST}, and a new client has to be made.
 */
public final class AgentClient implements Agent {
  private static final Logger log = LoggerFactory.getLogger(AgentClient.class);
  private static final Pattern RELEASE = Pattern.compile("[\\x21-\\x7e]{1,64}");
  private static final Pattern BOOT = Pattern.compile("[0-9a-f]{16}");
  private static final Pattern PROCESS = Pattern.compile("[\\x21-\\x7e]{1,64}");

  /** How long the agent may take to accept a request. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How long work on a whole tree may take. */
  private static final Duration TREE_PATIENCE = Duration.ofHours(1);

  /** Input up to this goes with the request and leaves room there for arguments. */
  private static final int INPUT_IN_REQUEST = 128 * 1024;

  private static final int NO_FOLLOW = 1;
  private static final int CREATE_PARENTS = 1;

  private final Connection connection;
  private final String version;
  private final String boot;
  private final boolean takesInput;
  private final boolean checksStamps;

  private AgentClient(Connection connection, Fields greeting) throws ProtocolViolation {
    this.connection = connection;
    this.version = matching(RELEASE, greeting.text(Tag.AGENT), "release");
    this.boot = matching(BOOT, greeting.text(Tag.BOOT), "boot id");
    this.takesInput = greeting.lists(Tag.FEATURE, "spawn-input");
    this.checksStamps = greeting.lists(Tag.FEATURE, "spawn-stamp");
  }

  /**
   * Connects to an agent and agrees on the protocol's version.
   *
   * @param unixSocket path of its listening socket
   * @param timeout for connecting and the greeting together
   * @throws AgentException lost, when it does not answer in time or as it should
   */
  public static AgentClient connect(Path unixSocket, Duration timeout) {
    Connection connection = Connection.open(unixSocket, timeout);
    try {
      return new AgentClient(connection, connection.greeting());
    } catch (ProtocolViolation e) {
      throw connection.violated(e);
    }
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public String boot() {
    return boot;
  }

  @Override
  public boolean isOpen() {
    return connection.isOpen();
  }

  @Override
  public ResolvedIdentity identity(
      String hostname, Map<String, String> env, String user, String cwd) {
    FieldsBuilder request =
        FieldsBuilder.verb("identity")
            .textIfAny(Tag.HOSTNAME, hostname)
            .textIfAny(Tag.USER, user)
            .textIfAny(Tag.CWD, cwd);
    addEnv(request, env);
    Fields reply = call(request, PATIENCE);
    return checked(() ->
        new ResolvedIdentity(
            absolute(reply.text(Tag.PATH)), absolute(reply.text(Tag.CWD)), reply.text(Tag.USER)));
  }

  @Override
  public AgentProcess spawn(Spawn spawn) {
    FieldsBuilder request = FieldsBuilder.verb("spawn");
    spawn.argv().forEach(argument -> request.text(Tag.ARGV, argument));
    addEnv(request, spawn.env());
    spawn.unset().forEach(key -> request.text(Tag.UNSET, key));
    request.textIfAny(Tag.CWD, spawn.cwd()).textIfAny(Tag.USER, spawn.user());
    Spawn.Terminal terminal = spawn.terminal();
    if (terminal != null) {
      request
          .flag(Tag.PTY, true)
          .number(Tag.COLS, terminal.cols())
          .number(Tag.ROWS, terminal.rows());
    }
    request
        .flag(Tag.STDIN, spawn.stdin())
        .flag(Tag.MERGE, spawn.merge())
        .flag(Tag.DETACHED, spawn.detached())
        .textIfAny(Tag.LABEL, spawn.label())
        .textIfAny(Tag.PROCESS, spawn.process())
        .flag(Tag.KILL_ON_CLOSE, spawn.killOnClose());
    if (spawn.ringBytes() > 0) {
      request.number(Tag.RING, spawn.ringBytes());
    }
    requireUnchanged(spawn.unchanged(), request);
    String input = spawn.input();
    return input == null
        ? process(request)
        : processWithInput(request, input.getBytes(StandardCharsets.UTF_8));
  }

  /** Lets the agent look at the file in the same breath; an old one has to be asked before. */
  private void requireUnchanged(Spawn.@Nullable Stamp file, FieldsBuilder request) {
    if (file == null) {
      return;
    }
    if (checksStamps) {
      request.text(Tag.PATH, file.path());
      if (file.size() >= 0) {
        request.number(Tag.MTIME_NS, file.mtimeNanos()).number(Tag.SIZE, file.size());
      }
      return;
    }
    if (!stamp(file.path()).equals(file)) {
      throw new AgentException(Errno.ESTALE, "stale", file.path() + " has changed");
    }
  }

  private Spawn.Stamp stamp(String path) {
    try {
      return Spawn.Stamp.of(path, stat(path, true));
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return Spawn.Stamp.absent(path);
    }
  }

  private AgentProcess processWithInput(FieldsBuilder request, byte[] input) {
    if (takesInput && input.length <= INPUT_IN_REQUEST) {
      return process(request.bytes(Tag.INPUT, input));
    }
    StreamProcess process = process(request);
    if (input.length <= Protocol.FIRST_CREDIT) {
      feed(process, input);
    } else {
      // A program that writes before it has read everything must not block both sides.
      Thread.ofVirtual().name("agent-input").start(() -> feed(process, input));
    }
    return process;
  }

  /** A program may end or close its input without reading all of it; that is no error. */
  private static void feed(StreamProcess process, byte[] input) {
    try {
      process.write(input, 0, input.length);
      process.endInput();
    } catch (AgentException e) {
      log.debug("input of process {} was not read to its end: {}", process.pid(), e.getMessage());
    }
  }

  @Override
  public AgentProcess attach(String process, long offset, boolean follow) {
    return process(
        FieldsBuilder.verb("attach")
            .text(Tag.PROCESS, process)
            .number(Tag.OFFSET, offset)
            .flag(Tag.FOLLOW, follow));
  }

  @Override
  public void input(String process, byte[] bytes, boolean last) {
    try (AgentStream stream =
        connection.open(FieldsBuilder.verb("input").text(Tag.PROCESS, process))) {
      stream.awaitReply(PATIENCE);
      stream.send(Protocol.STDIN, bytes, 0, bytes.length);
      if (last) {
        stream.sendEof(Protocol.STDIN);
      }
    }
  }

  @Override
  public void resize(String process, int cols, int rows) {
    call(
        FieldsBuilder.verb("resize")
            .text(Tag.PROCESS, process)
            .number(Tag.COLS, cols)
            .number(Tag.ROWS, rows),
        PATIENCE);
  }

  @Override
  public void signal(String process, int signal, boolean tree) {
    call(
        FieldsBuilder.verb("signal")
            .text(Tag.PROCESS, process)
            .number(Tag.SIGNAL, signal)
            .flag(Tag.TREE, tree),
        PATIENCE);
  }

  @Override
  public void forget(String process) {
    call(FieldsBuilder.verb("forget").text(Tag.PROCESS, process), PATIENCE);
  }

  @Override
  public List<ProcessInfo> processes() {
    Fields reply = call(FieldsBuilder.verb("processes"), PATIENCE);
    return checked(() -> {
      List<ProcessInfo> all = new ArrayList<>();
      for (Fields entry : reply.nested(Tag.ENTRY)) {
        all.add(processInfo(entry));
      }
      return List.copyOf(all);
    });
  }

  @Override
  public FileStat stat(String path, boolean followLinks) {
    FieldsBuilder request = FieldsBuilder.verb("stat").text(Tag.PATH, path);
    if (!followLinks) {
      request.number(Tag.FLAGS, NO_FOLLOW);
    }
    Fields reply = call(request, PATIENCE);
    return checked(() -> FileStats.of(reply));
  }

  @Override
  public FileListing list(String path) {
    return new StreamListing(
        connection, opened(FieldsBuilder.verb("list").text(Tag.PATH, path)).stream());
  }

  @Override
  public Download read(String path, long offset, long size) {
    FieldsBuilder request =
        FieldsBuilder.verb("read").text(Tag.PATH, path).number(Tag.OFFSET, offset);
    if (size >= 0) {
      request.number(Tag.SIZE, size);
    }
    Opened opened = opened(request);
    return new StreamDownload(opened.stream(), checked(() -> FileStats.of(opened.reply())));
  }

  @Override
  public Upload write(String path, int mode, boolean createParents) {
    FieldsBuilder request = FieldsBuilder.verb("write").text(Tag.PATH, path).number(Tag.MODE, mode);
    if (createParents) {
      request.number(Tag.FLAGS, CREATE_PARENTS);
    }
    return new StreamUpload(opened(request).stream());
  }

  @Override
  public void mkdir(String path, int mode, boolean parents) {
    call(
        FieldsBuilder.verb("mkdir")
            .text(Tag.PATH, path)
            .number(Tag.MODE, mode)
            .flag(Tag.RECURSIVE, parents),
        PATIENCE);
  }

  @Override
  public void remove(String path, boolean recursive) {
    call(
        FieldsBuilder.verb("remove").text(Tag.PATH, path).flag(Tag.RECURSIVE, recursive),
        TREE_PATIENCE);
  }

  @Override
  public void rename(String from, String to, boolean noReplace) {
    call(
        FieldsBuilder.verb("rename")
            .text(Tag.PATH, from)
            .text(Tag.PATH2, to)
            .flag(Tag.NO_REPLACE, noReplace),
        TREE_PATIENCE);
  }

  @Override
  public void chmod(String path, int mode, String owner, String group) {
    FieldsBuilder request =
        FieldsBuilder.verb("chmod")
            .text(Tag.PATH, path)
            .textIfAny(Tag.OWNER, owner)
            .textIfAny(Tag.GROUP, group);
    if (mode >= 0) {
      request.number(Tag.MODE, mode);
    }
    call(request, PATIENCE);
  }

  @Override
  public AgentSocket dial(String host, int port, Duration timeout) {
    AgentStream stream =
        connection.open(
            FieldsBuilder.verb("dial")
                .text(Tag.HOST, host)
                .number(Tag.PORT, port)
                .number(Tag.TIMEOUT_MS, timeout.toMillis()));
    stream.awaitReply(timeout.plusSeconds(10));
    return new StreamSocket(stream);
  }

  @Override
  public void shutdown(Duration timeout) {
    call(
        FieldsBuilder.verb("shutdown").number(Tag.TIMEOUT_MS, timeout.toMillis()),
        timeout.plusSeconds(30));
  }

  @Override
  public void close() {
    connection.close();
  }

  private record Opened(AgentStream stream, Fields reply) {}

  private Opened opened(FieldsBuilder request) {
    AgentStream stream = connection.open(request);
    return new Opened(stream, stream.awaitReply(PATIENCE));
  }

  private Fields call(FieldsBuilder request, Duration patience) {
    return connection.call(request).awaitReply(patience);
  }

  private StreamProcess process(FieldsBuilder request) {
    Opened opened = opened(request);
    Fields reply = opened.reply();
    return checked(() ->
        new StreamProcess(
            opened.stream(),
            matching(PROCESS, reply.text(Tag.PROCESS), "process id"),
            reply.number(Tag.PID, 0, 0, Integer.MAX_VALUE),
            reply.number(Tag.OFFSET_FIRST, 0, 0, Long.MAX_VALUE),
            reply.number(Tag.LOST, 0, 0, Long.MAX_VALUE)));
  }

  private static ProcessInfo processInfo(Fields entry) throws ProtocolViolation {
    return new ProcessInfo(
        matching(PROCESS, entry.text(Tag.PROCESS), "process id"),
        entry.number(Tag.PID, 0, 0, Integer.MAX_VALUE),
        entry.text(Tag.LABEL),
        entry.flag(Tag.RUNNING),
        (int) entry.number(Tag.STATUS, 0, -64, 255),
        entry.number(Tag.OFFSET, 0, 0, Long.MAX_VALUE));
  }

  private static void addEnv(FieldsBuilder request, Map<String, String> env) {
    env.forEach((key, value) -> request.text(Tag.ENV, key + "=" + value));
  }

  private static String absolute(String path) throws ProtocolViolation {
    if (!path.startsWith("/") || path.length() > 4_096) {
      throw new ProtocolViolation("a directory that is not an absolute path");
    }
    return path;
  }

  private static String matching(Pattern pattern, String value, String what)
      throws ProtocolViolation {
    if (!pattern.matcher(value).matches()) {
      throw new ProtocolViolation("a malformed " + what);
    }
    return value;
  }

  @FunctionalInterface
  private interface Decoding<T> {
    T decode() throws ProtocolViolation;
  }

  private <T> T checked(Decoding<T> decoding) {
    try {
      return decoding.decode();
    } catch (ProtocolViolation e) {
      throw connection.violated(e);
    }
  }
}
