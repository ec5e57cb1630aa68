package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.ProcessTree;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ends a session (toolbox protocol §3.7): SIGTERM to the shell and everything it started, SIGKILL
 * to what is left after the grace period, then its logs and files are removed.
 */
final class SessionRemoval {
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final int SIGTERM = 15;
  private static final int SIGKILL = 9;
  private static final int EBUSY = 16;

  /** How long readers of all its logs together may take to read on after the end. */
  private static final Duration READERS = Duration.ofSeconds(1);

  private final Agent agent;
  private final Session session;

  SessionRemoval(Agent agent, Session session) {
    this.agent = agent;
    this.session = session;
  }

  void run() throws InterruptedException {
    session.markDeleted();
    long deadline = System.nanoTime() + GRACE.toNanos();
    signal(session.process(), SIGTERM, true);
    awaitShell(deadline);
    ProcessTree.awaitEnd(agent, session.process(), deadline);
    signal(session.process(), SIGKILL, true);
    awaitShell(System.nanoTime() + GRACE.toNanos() / 2);
    long readers = System.nanoTime() + READERS.toNanos();
    for (Command command : session.commands()) {
      if (!command.isSaved()) {
        endHolder(command, readers);
      }
    }
    forget(session.process());
    session.saving().lock();
    try {
      session.files().removeAll();
    } finally {
      session.saving().unlock();
    }
  }

  private void awaitShell(long deadline) throws InterruptedException {
    try {
      session.shellEnd().get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException stillThere) {
      // SIGKILL is next.
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AgentException lost) {
        throw lost;
      }
      throw new IllegalStateException(e);
    }
  }

  /** Lets readers have everything, then removes the log. */
  private void endHolder(Command command, long deadline) throws InterruptedException {
    signal(command.process(), SIGKILL, false);
    command.awaitReaders(deadline);
    if (!forget(command.process())) {
      try (AgentProcess end = agent.attach(command.process(), Long.MAX_VALUE, true)) {
        Holder.awaitEnd(end);
      }
      forget(command.process());
    }
  }

  /** Whether the process is forgotten. */
  private boolean forget(String process) {
    try {
      agent.forget(process);
      return true;
    } catch (AgentException e) {
      if (e.errno() == Errno.ESRCH) {
        return true;
      }
      if (e.errno() == EBUSY) {
        return false;
      }
      throw e;
    }
  }

  /** Signals who is there. */
  private void signal(String process, int signal, boolean tree) {
    try {
      agent.signal(process, signal, tree);
    } catch (AgentException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }
}
