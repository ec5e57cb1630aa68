package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentInput;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentSocket;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.DownloadSeries;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.Upload;
import io.daytona.toolbox.agent.UploadSeries;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The client of one sandbox's agent over its Unix socket. Safe for use by many threads; every call
 * is a stream of its own on one connection. What the agent sends is checked, and whatever the
 * protocol does not allow ends the connection: all calls then fail with {@link
 * AgentException#LOST}, and a new client has to be made.
 */
public final class AgentClient implements Agent {
  private static final Pattern RELEASE = Pattern.compile("[\\x21-\\x7e]{1,64}");
  private static final Pattern BOOT = Pattern.compile("[0-9a-f]{16}");

  /** A disk that takes or gives nothing for so long is stuck, not slow. */
  private static final Duration STALL = Duration.ofMinutes(2);

  private final Connection connection;
  private final Requests requests;
  private final String version;
  private final String boot;
  private final Set<Feature> features;
  private final IdentityRequests identities;
  private final FileRequests files;
  private final ProcessRequests processes;
  private final SpawnRequests spawns;

  private AgentClient(Connection connection, Fields greeting, Duration stall)
      throws ProtocolViolation {
    this.connection = connection;
    this.requests = new Requests(connection);
    this.version = Requests.matching(RELEASE, greeting.text(Tag.AGENT), "release");
    this.boot = Requests.matching(BOOT, greeting.text(Tag.BOOT), "boot id");
    this.features = features(greeting);
    this.identities = new IdentityRequests(requests);
    this.files = new FileRequests(requests, stall);
    this.processes = new ProcessRequests(requests, features);
    this.spawns = new SpawnRequests(processes, files, features);
  }

  /**
   * What its version implies, and what it names beyond that. Words that it does not know are of no
   * use to this client.
   */
  private static Set<Feature> features(Fields greeting) throws ProtocolViolation {
    long version = greeting.number(Tag.VERSION, 0, Protocol.OLDEST, Protocol.NEWEST);
    List<String> words = greeting.texts(Tag.FEATURE);
    Set<Feature> known = EnumSet.allOf(Feature.class);
    known.removeIf(feature -> version < feature.impliedSince() && !words.contains(feature.word()));
    return Collections.unmodifiableSet(known);
  }

  /**
   * Connects to an agent and agrees on the protocol's version.
   *
   * @param unixSocket path of its listening socket
   * @param timeout for connecting and the greeting together
   * @throws AgentException lost, when it does not answer in time or as it should
   */
  public static AgentClient connect(Path unixSocket, Duration timeout) {
    return connect(unixSocket, timeout, STALL);
  }

  /**
   * The same with another patience.
   *
   * @param stall how long an upload or a download may go on without progress
   */
  public static AgentClient connect(Path unixSocket, Duration timeout, Duration stall) {
    Connection connection = Connection.open(unixSocket, timeout);
    try {
      return new AgentClient(connection, connection.greeting(), stall);
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
  public Set<Feature> features() {
    return features;
  }

  @Override
  public boolean isOpen() {
    return connection.isOpen();
  }

  @Override
  public ResolvedIdentity identity(
      String hostname, Map<String, String> env, String user, String cwd) {
    return identities.identity(hostname, env, user, cwd);
  }

  @Override
  public Map<String, String> environment(EnvironmentChange change) {
    return identities.environment(change);
  }

  @Override
  public AgentProcess spawn(Spawn spawn) {
    return spawns.spawn(spawn);
  }

  @Override
  public AgentProcess attach(String process, long offset, boolean follow) {
    return processes.attach(process, offset, follow);
  }

  @Override
  public void input(String process, byte[] bytes, boolean last, boolean echo) {
    processes.input(process, bytes, last, echo);
  }

  @Override
  public AgentInput feed(String process) {
    return processes.feed(process);
  }

  @Override
  public void resize(String process, int cols, int rows) {
    processes.resize(process, cols, rows);
  }

  @Override
  public void signal(String process, int signal, boolean tree) {
    processes.signal(process, signal, tree);
  }

  @Override
  public void forget(String process) {
    processes.forget(process);
  }

  @Override
  public List<ProcessInfo> processes() {
    return processes.all();
  }

  @Override
  public FileStat stat(String path, boolean followLinks) {
    return files.stat(path, followLinks);
  }

  @Override
  public FileListing list(String path) {
    return files.list(path);
  }

  @Override
  public Download read(String path, long offset, long size) {
    return files.read(path, offset, size);
  }

  @Override
  public Upload write(String path, int mode, boolean createParents) {
    return files.write(path, mode, createParents);
  }

  @Override
  public DownloadSeries readMany(List<String> paths) {
    return files.readMany(paths);
  }

  @Override
  public UploadSeries writeMany(int mode) {
    return files.writeMany(mode);
  }

  @Override
  public void mkdir(String path, int mode, boolean parents) {
    files.mkdir(path, mode, parents);
  }

  @Override
  public void remove(String path, boolean recursive) {
    files.remove(path, recursive);
  }

  @Override
  public void rename(String from, String to, boolean noReplace) {
    files.rename(from, to, noReplace);
  }

  @Override
  public void chmod(String path, int mode, String owner, String group) {
    files.chmod(path, mode, owner, group);
  }

  @Override
  public AgentSocket dial(String host, int port, Duration timeout) {
    FieldsBuilder request =
        FieldsBuilder.verb("dial")
            .text(Tag.HOST, host)
            .number(Tag.PORT, port)
            .number(Tag.TIMEOUT_MS, timeout.toMillis());
    return new StreamSocket(requests.open(request, timeout.plusSeconds(10)).stream());
  }

  @Override
  public void shutdown(Duration timeout) {
    requests.call(
        FieldsBuilder.verb("shutdown").number(Tag.TIMEOUT_MS, timeout.toMillis()),
        timeout.plusSeconds(30));
  }

  @Override
  public void close() {
    connection.close();
  }
}
