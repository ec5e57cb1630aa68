package io.daytona.toolbox.session;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.process.Shells;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.toolbox.session.log.RingLog;
import io.daytona.toolbox.session.log.SavedLog;
import io.daytona.wire.error.DaytonaException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** The sessions of one boot of a sandbox. Safe for threads. */
final class SandboxSessions {
  private static final List<String> PLAIN_SHELL = List.of("/bin/sh");
  private static final long CONTROL_RING = 1 << 20;

  /** Bytes of the longest text of a command. */
  private static final int MAX_TEXT = 16 << 20;

  private final Running sandbox;
  private final Agent agent;
  private final Shells shells;
  private final SessionLimits limits;
  private final Retirement retirement;
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();

  /** Ids of sessions that are being created or deleted. */
  private final Set<String> changing = ConcurrentHashMap.newKeySet();

  private final Entrypoint entrypoint;

  private SandboxSessions(Running sandbox, Shells shells, SessionLimits limits, Entrypoint entry) {
    this.sandbox = sandbox;
    this.agent = sandbox.agent();
    this.shells = shells;
    this.limits = limits;
    this.retirement = new Retirement(agent, limits);
    this.entrypoint = entry;
  }

  /** Finds everything that is there, by what the agent knows and what is in files. */
  static SandboxSessions restore(Running sandbox, Shells shells, SessionLimits limits)
      throws InterruptedException {
    FoundProcesses found = FoundProcesses.of(sandbox.agent());
    SandboxSessions all =
        new SandboxSessions(sandbox, shells, limits, Entrypoint.of(sandbox.agent(), found));
    all.restore(found);
    return all;
  }

  private void restore(FoundProcesses found) throws InterruptedException {
    discardOrphans(found);
    for (FoundProcesses.Found shell : found.of(ProcessLabel.SESSION)) {
      Session session = session(shell.label(), shell.process());
      for (Command saved : new SavedCommands(session).read(limits.inFiles())) {
        session.restore(saved);
        retirement.saved(session, saved);
      }
      found.of(ProcessLabel.COMMAND).stream()
          .filter(command -> command.label().session().equals(shell.label().session()))
          .sorted(Comparator.comparingLong(command -> command.label().number()))
          .forEach(command -> restore(session, command));
      sessions.put(session.id(), session);
    }
    for (FoundProcesses.Found shell : found.of(ProcessLabel.SESSION)) {
      Session session = sessions.get(shell.label().id());
      if (session != null && session.process().equals(shell.process())) {
        listen(session, shell);
      }
    }
  }

  private void restore(Session session, FoundProcesses.Found command) {
    if (session.command(command.label().id()).isPresent()) {
      agent.forget(command.process()); // It was saved when the platform went away.
    } else {
      session.restore(new Command(command.label(), command.process()));
    }
  }

  /** Commands whose session was being deleted when the platform went away. */
  private void discardOrphans(FoundProcesses found) {
    Set<String> keys =
        found.of(ProcessLabel.SESSION).stream()
            .map(shell -> shell.label().session())
            .collect(Collectors.toSet());
    for (FoundProcesses.Found command : found.of(ProcessLabel.COMMAND)) {
      if (!keys.contains(command.label().session())) {
        Holder.discard(agent, agent.attach(command.process(), Long.MAX_VALUE, true));
      }
    }
  }

  private void listen(Session session, FoundProcesses.Found shell) throws InterruptedException {
    long known = shell.running() ? shell.offset() : Long.MAX_VALUE;
    ControlChannel control = session.listen(agent.attach(shell.process(), 0, true), known);
    try {
      control.caughtUp().get(Session.SHELL_PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AgentException(0, AgentException.LOST, "a session's reports could not be read");
    }
    session.markRestored();
  }

  private Session session(ProcessLabel label, String process) {
    SessionFiles files = new SessionFiles(agent, sandbox.home(), label.id());
    return new Session(agent, label, process, files, retirement::ended);
  }

  Entrypoint entrypoint() {
    return entrypoint;
  }

  /** All sessions but the entrypoint. */
  List<Session> all() {
    return List.copyOf(sessions.values());
  }

  /**
   * A session.
   *
   * @throws DaytonaException 404
   */
  Session find(String id) {
    return Optional.ofNullable(sessions.get(id)).orElseThrow(SessionErrors::sessionNotFound);
  }

  /**
   * Starts a session.
   *
   * @param cwd where its shell starts
   * @throws DaytonaException 400, 409
   */
  void create(String id, String cwd) throws InterruptedException {
    ProcessLabel label = newLabel(id);
    if (!label.fits()) {
      throw ToolboxError.badRequest("session ID is too long");
    }
    if (sessions.containsKey(id) || !changing.add(id)) {
      throw SessionErrors.exists();
    }
    try {
      if (sessions.containsKey(id)) {
        throw SessionErrors.exists();
      }
      sessions.put(id, start(label, cwd));
    } finally {
      changing.remove(id);
    }
  }

  /** Starts the preferred shell; a login shell that is none gives way to a plain one. */
  private Session start(ProcessLabel label, String cwd) throws InterruptedException {
    List<String> preferred = shells.choose(agent).argv();
    Optional<Session> session = tryStart(label, preferred, cwd);
    if (session.isEmpty() && !preferred.equals(PLAIN_SHELL)) {
      session = tryStart(newLabel(label.id()), PLAIN_SHELL, cwd);
    }
    return session.orElseThrow(() ->
        ToolboxError.badRequest(
            "the sandbox has no shell for sessions: install bash or a /bin/sh"));
  }

  private static ProcessLabel newLabel(String id) {
    return ProcessLabel.ofSession(UUID.randomUUID().toString(), id);
  }

  private static Spawn shell(ProcessLabel label, List<String> argv, String cwd) {
    return Spawn.merged(argv, Map.of(), cwd)
        .unmerged()
        .withStdin()
        .withSubreaper()
        .detachedAs("session-" + label.session(), label.text(), CONTROL_RING);
  }

  private Optional<Session> tryStart(ProcessLabel label, List<String> argv, String cwd)
      throws InterruptedException {
    AgentProcess shell;
    try {
      shell = agent.spawn(shell(label, argv, cwd));
    } catch (AgentException e) {
      if (AgentErrors.isUnavailable(e) || e.code().equals("cwd")) {
        throw e;
      }
      return Optional.empty();
    }
    Session session = session(label, shell.process());
    session.listen(shell, 0);
    try {
      session.probe();
      session.shell().get(Session.SHELL_PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return Optional.of(session);
    } catch (AgentException | ExecutionException | TimeoutException e) {
      new SessionRemoval(agent, session).run();
      return Optional.empty();
    }
  }

  /**
   * Ends a session and everything in it.
   *
   * @throws DaytonaException 404
   */
  void delete(String id) throws InterruptedException {
    Session session = find(id);
    if (!changing.add(id)) {
      throw SessionErrors.sessionNotFound();
    }
    try {
      new SessionRemoval(agent, session).run();
      sessions.remove(id, session);
    } finally {
      changing.remove(id);
    }
  }

  /** The log of a command, wherever it is. */
  CommandLog log(Session session, Command command) {
    return command.enter()
        ? new RingLog(agent, command.process(), command.exit(), command::leave)
        : new SavedLog(agent, session.files().path(command, "output.log"));
  }

  /** The whole text of a command. */
  String text(Session session, Command command) {
    return text(session, command, MAX_TEXT);
  }

  /**
   * The text of a command.
   *
   * @param most bytes that a long one may take; beyond it only its beginning is given
   */
  static String text(Session session, Command command, int most) {
    ProcessLabel label = command.label();
    if (!label.cut() || most <= label.command().length()) {
      return label.command();
    }
    return session
        .files()
        .read(session.files().path(command, "cmd.sh"), most)
        .orElse(label.command());
  }
}
