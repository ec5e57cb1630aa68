package io.daytona.toolbox.terminal;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The terminals of one boot of a sandbox. Safe for threads.
 *
 * <p>Those that run are asked of the agent each time. Only what has no process yet is kept here,
 * and is lost when the platform is restarted: it has neither output nor state.
 */
final class SandboxTerminals {
  private static final Logger LOG = LoggerFactory.getLogger(SandboxTerminals.class);
  private static final int SIGKILL = 9;

  /** What waits for a first client costs memory of the platform. */
  private static final int MOST_UNSTARTED = 1_000;

  /** Characters of all that waits: much more than a program can be started with. */
  private static final long MOST_UNSTARTED_TEXT = 4L << 20;

  /** Beyond the end of any output: the agent takes it for the end. */
  private static final long END = Long.MAX_VALUE;

  /** How long a killed shell may take to be gone. */
  private static final Duration DYING = Duration.ofSeconds(5);

  private final TerminalShell shell;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, TerminalSettings> unstarted = new LinkedHashMap<>();
  private final Map<String, Spawn.Terminal> resized = new ConcurrentHashMap<>();
  private final Attendance attendance = new Attendance();
  private volatile Running sandbox;

  SandboxTerminals(Running sandbox, TerminalShell shell) {
    this.sandbox = sandbox;
    this.shell = shell;
  }

  /** Whether these are the terminals of the boot that is reached so now; notes the way. */
  boolean reach(Running now) {
    if (!now.equals(sandbox)) {
      if (!now.agent().boot().equals(sandbox.agent().boot())) {
        return false;
      }
      sandbox = now;
    }
    return true;
  }

  /** Whether nothing would be lost with this. */
  boolean isAbandoned() {
    return !sandbox.agent().isOpen() && attendance.isEmpty();
  }

  Agent agent() {
    return sandbox.agent();
  }

  /** Whether a client deleted the terminal of a process. */
  boolean isDeleted(String process) {
    return attendance.isDeleted(process);
  }

  /** All that have not ended, oldest first. */
  List<Terminal> list() {
    List<Terminal> all = running();
    lock.lock();
    try {
      unstarted.values().forEach(settings -> all.add(Terminal.unstarted(settings)));
    } finally {
      lock.unlock();
    }
    return all;
  }

  /** The one of an id. */
  Optional<Terminal> find(String id) {
    return list().stream().filter(terminal -> terminal.settings().id().equals(id)).findFirst();
  }

  /**
   * Creates one that nobody reads yet.
   *
   * @throws DaytonaException 409 when the id is taken, 400 or 500 when its shell does not start
   */
  void create(TerminalSettings settings) {
    if (settings.lazyStart()) {
      register(settings);
    } else {
      createAndAttach(settings).close(false);
    }
  }

  private void register(TerminalSettings settings) {
    // Refused now rather than when the first client comes.
    TerminalLabel.of(settings);
    lock.lock();
    try {
      requireFree(settings.id());
      if (unstarted.size() >= MOST_UNSTARTED) {
        throw TerminalErrors.tooManyUnstarted(MOST_UNSTARTED);
      }
      long text = unstarted.values().stream().mapToLong(TerminalSettings::text).sum();
      if (text + settings.text() > MOST_UNSTARTED_TEXT) {
        throw TerminalErrors.tooMuchUnstarted(MOST_UNSTARTED_TEXT);
      }
      unstarted.put(settings.id(), settings);
    } finally {
      lock.unlock();
    }
  }

  /** Creates one and reads its output from the beginning. */
  Attachment createAndAttach(TerminalSettings settings) {
    lock.lock();
    try {
      requireFree(settings.id());
      return start(settings);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reads the output of one from now on, of one that waits for its first client from the beginning.
   *
   * @param history bytes of earlier output that are wanted first; empty for none and no redrawing
   * @return empty when there is no such terminal
   */
  Optional<Attachment> attach(String id, OptionalLong history) {
    lock.lock();
    try {
      TerminalSettings waiting = unstarted.get(id);
      if (waiting != null) {
        Attachment first = start(waiting);
        unstarted.remove(id);
        return Optional.of(first);
      }
    } finally {
      lock.unlock();
    }
    Optional<Terminal> found = find(id);
    // Between the two looks another client may have been the first.
    return found.isPresent() && !found.get().isStarted()
        ? attach(id, history)
        : found.flatMap(terminal -> attach(terminal, history));
  }

  private Optional<Attachment> attach(Terminal terminal, OptionalLong history) {
    String process = terminal.process();
    attendance.enter(process);
    try {
      long from = history.isPresent() ? Math.max(0, end(process) - history.getAsLong()) : END;
      AgentProcess output = agent().attach(process, from, true);
      return Optional.of(new Attachment(this, terminal, output, history.isPresent()));
    } catch (AgentException e) {
      left(process, false);
      if (isGone(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Bytes of output so far. */
  long end(String process) {
    try (AgentProcess look = agent().attach(process, END, false)) {
      return look.offset();
    }
  }

  private Attachment start(TerminalSettings settings) {
    String process = "terminal-" + UUID.randomUUID();
    attendance.enter(process);
    try {
      AgentProcess output = shell.start(agent(), settings, process);
      Terminal started = new Terminal(settings, process, output.pid(), settings.size());
      return new Attachment(this, started, output, false);
    } catch (AgentException e) {
      left(process, false);
      throw TerminalErrors.start(e, settings.cwd());
    } catch (DaytonaException e) {
      left(process, false);
      throw e;
    }
  }

  private void requireFree(String id) {
    if (unstarted.containsKey(id)
        || running().stream().anyMatch(terminal -> terminal.settings().id().equals(id))) {
      throw TerminalErrors.exists(id);
    }
  }

  /**
   * Changes the size, of which the foreground process hears by SIGWINCH.
   *
   * @throws DaytonaException 410 when there is none, 500 when its shell is not started
   */
  Terminal resize(String id, Spawn.Terminal size) {
    Terminal terminal = find(id).orElseThrow(() -> TerminalErrors.gone(id));
    if (!terminal.isStarted()) {
      throw TerminalErrors.inactive();
    }
    try {
      agent().resize(terminal.process(), size.cols(), size.rows());
    } catch (AgentException e) {
      throw isGone(e) ? TerminalErrors.gone(id) : e;
    }
    resized.put(terminal.process(), size);
    return new Terminal(terminal.settings(), terminal.process(), terminal.pid(), size);
  }

  /** Lets the program on a terminal draw its screen again, by telling it the size it has. */
  void redraw(Terminal terminal) {
    try {
      running().stream()
          .filter(one -> one.process().equals(terminal.process()))
          .forEach(one -> agent().resize(one.process(), one.size().cols(), one.size().rows()));
    } catch (AgentException e) {
      if (!isGone(e)) {
        throw e;
      }
    }
  }

  /**
   * Kills the shell and all its descendants.
   *
   * @throws DaytonaException 404 when there is none
   */
  void delete(String id) throws InterruptedException {
    lock.lock();
    try {
      if (unstarted.remove(id) != null) {
        return;
      }
    } finally {
      lock.unlock();
    }
    String process = find(id).orElseThrow(TerminalErrors::absent).process();
    attendance.enter(process);
    boolean ended = false;
    try (AgentProcess shellOutput = agent().attach(process, END, true)) {
      attendance.deleted(process);
      agent().signal(process, SIGKILL, true);
      ended = awaitEnd(shellOutput);
    } catch (AgentException e) {
      if (!isGone(e)) {
        throw e;
      }
    } finally {
      left(process, ended);
    }
  }

  private static boolean awaitEnd(AgentProcess output) throws InterruptedException {
    long deadline = System.nanoTime() + DYING.toNanos();
    for (long left = DYING.toNanos(); left > 0; left = deadline - System.nanoTime()) {
      if (output.next(Duration.ofNanos(left)) instanceof Output.Exit) {
        return true;
      }
    }
    return false;
  }

  /** Hears that somebody stopped reading. */
  void left(String process, boolean ended) {
    if (attendance.leave(process, ended)) {
      forget(process);
    }
  }

  /** All that run, oldest first. Lets the agent forget those that have ended. */
  private List<Terminal> running() {
    List<Terminal> running = new ArrayList<>();
    for (ProcessInfo info : agent().processes().reversed()) {
      TerminalLabel label = TerminalLabel.parse(info.label()).orElse(null);
      if (label == null) {
        continue;
      }
      if (info.running() && !attendance.isDeleted(info.process())) {
        running.add(terminal(label, info));
      } else if (!info.running() && !attendance.isRead(info.process())) {
        forget(info.process());
      }
    }
    return running;
  }

  private Terminal terminal(TerminalLabel label, ProcessInfo info) {
    TerminalSettings settings = label.settings();
    List<String> names = label.names();
    if (names != null) {
      settings =
          new TerminalSettings(
              settings.id(),
              settings.cwd(),
              LargeEnvironment.read(agent(), info.pid(), names),
              settings.size(),
              settings.createdAt(),
              settings.lazyStart());
    }
    Spawn.Terminal size = info.terminal();
    if (size == null) {
      size = resized.getOrDefault(info.process(), settings.size());
    }
    return new Terminal(settings, info.process(), info.pid(), size);
  }

  private void forget(String process) {
    try {
      agent().forget(process);
    } catch (AgentException e) {
      // Somebody else was faster, or the next look at the list does it.
      LOG.debug("a terminal was not forgotten: process={} cause={}", process, e.getMessage());
    }
    resized.remove(process);
    attendance.forget(process);
  }

  /** Whether an agent's refusal means that the terminal has ended. */
  private static boolean isGone(AgentException e) {
    return e.errno() == Errno.ESRCH || e.errno() == Errno.ENOENT;
  }
}
