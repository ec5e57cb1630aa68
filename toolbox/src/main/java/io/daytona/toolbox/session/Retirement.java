package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.session.log.LogForm;
import io.daytona.toolbox.session.log.LogStream;
import io.daytona.toolbox.session.log.RingLog;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the oldest logs of one sandbox from the agent, which knows a limited number of processes,
 * to files. Safe for threads.
 */
final class Retirement {
  private static final Logger LOG = LoggerFactory.getLogger(Retirement.class);

  private final Agent agent;
  private final SessionLimits limits;
  private final Deque<Ended> inAgent = new ArrayDeque<>();
  private final Deque<Ended> inFiles = new ArrayDeque<>();
  private boolean running;

  Retirement(Agent agent, SessionLimits limits) {
    this.agent = agent;
    this.limits = limits;
  }

  private record Ended(Session session, Command command) {}

  /** Hears of a command that ended. */
  synchronized void ended(Session session, Command command) {
    inAgent.add(new Ended(session, command));
    if (!running && inAgent.size() > limits.inAgent()) {
      running = true;
      Thread.ofVirtual().name("session-logs").start(this::run);
    }
  }

  /** Hears of a command whose log was found in a file. */
  synchronized void saved(Session session, Command command) {
    inFiles.add(new Ended(session, command));
  }

  private void run() {
    for (List<Ended> batch = next(); !batch.isEmpty(); batch = next()) {
      Map<Session, List<Command>> bySession = new LinkedHashMap<>();
      for (Ended one : batch) {
        bySession.computeIfAbsent(one.session(), s -> new ArrayList<>()).add(one.command());
      }
      bySession.forEach(this::retire);
    }
  }

  /** The oldest that are too many, and some more so that lists are not rewritten each time. */
  private synchronized List<Ended> next() {
    List<Ended> batch = new ArrayList<>();
    if (agent.isOpen() && inAgent.size() > limits.inAgent()) {
      int keep = limits.inAgent() - limits.inAgent() / 10;
      while (inAgent.size() > keep) {
        batch.add(inAgent.remove());
      }
    }
    running = !batch.isEmpty();
    return batch;
  }

  private void retire(Session session, List<Command> commands) {
    session.saving().lock();
    try {
      if (session.isDeleted()) {
        return;
      }
      commands.forEach(command -> saveIfPossible(session, command));
      List<Command> saved =
          session.commands().stream().filter(c -> c.isSaved() || commands.contains(c)).toList();
      new SavedCommands(session).write(saved);
    } catch (AgentException e) {
      LOG.info("the list of saved logs could not be written: cause={}", e.toString());
    } finally {
      session.saving().unlock();
    }
    commands.forEach(command -> leave(session, command));
    removeOldest();
  }

  /** The files are the sandbox's: without room for them there is no log, only an exit code. */
  private void saveIfPossible(Session session, Command command) {
    try {
      save(session, command);
    } catch (AgentException | IOException e) {
      LOG.info("a log could not be saved: cause={}", e.toString());
    }
  }

  private void save(Session session, Command command) throws IOException {
    SessionFiles files = session.files();
    try (RingLog log =
            new RingLog(agent, command.process(), CompletableFuture.completedFuture(0), () -> {});
        LogStream bytes = new LogStream(log.snapshot(), LogForm.MARKED)) {
      files.write(files.path(command, "output.log"), bytes);
    }
    ProcessLabel label = command.label();
    if (!label.cut() && SavedCommands.needsFile(label)) {
      files.write(files.path(command, "cmd.sh"), label.command());
    }
    files.write(
        files.path(command, "exit_code"), command.exitCode().orElse(Session.NEVER_RAN) + "\n");
  }

  /** Lets the agent forget the log, unless somebody reads it there. */
  private void leave(Session session, Command command) {
    if (!command.switchToFile()) {
      synchronized (this) {
        inAgent.add(new Ended(session, command));
      }
      return;
    }
    saved(session, command);
    try {
      agent.forget(command.process());
    } catch (AgentException e) {
      LOG.debug("a log was gone: {}", e.getMessage());
    }
  }

  private void removeOldest() {
    for (Ended oldest = oldest(); oldest != null; oldest = oldest()) {
      Session session = oldest.session();
      session.drop(oldest.command());
      if (!session.isDeleted()) {
        try {
          session.files().remove(oldest.command());
        } catch (AgentException e) {
          LOG.debug("a saved log could not be removed: {}", e.getMessage());
        }
      }
    }
  }

  private synchronized @Nullable Ended oldest() {
    return inFiles.size() > limits.inFiles() ? inFiles.remove() : null;
  }
}
