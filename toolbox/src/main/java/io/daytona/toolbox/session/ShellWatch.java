package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.fsutil.Activity;
import io.daytona.toolbox.fsutil.Activity.Task;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out when a shell will never report a command, so that nobody waits for it: an earlier
 * command may have told it not to execute anything ({@code set -n}), or have put a function in the
 * place of what it reports with.
 *
 * <p>A shell reads no further while it runs a command. So marks are fed to it, one after the other:
 * one that stays in its pipe belongs to a shell that is busy, however long that takes. A shell that
 * has read several of them, does nothing and has reported none does not execute what it reads. One
 * mark proves nothing, as some shells read ahead.
 */
final class ShellWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ShellWatch.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final int MARKS = 3;
  private static final int MOST_STOPS = 5;
  private static final int SIGCONT = 18;

  private final Agent agent;
  private final Watched session;
  private final AtomicBoolean running = new AtomicBoolean();
  private final AtomicLong reports = new AtomicLong();

  /** What it watches. */
  interface Watched {
    /** Whether a command is waited for. */
    boolean isWaiting();

    /** Feeds a mark behind all commands. */
    void mark();

    /** Ends what the shell itself should have ended after its last report. */
    void settle();

    /** The shell will not execute what it has been fed. */
    void deaf();
  }

  ShellWatch(Agent agent, Watched session) {
    this.agent = agent;
    this.session = session;
  }

  /** The shell reported something. */
  void reported() {
    reports.incrementAndGet();
  }

  /** Watches from now on, for as long as commands are waited for. */
  void start(AgentProcess shell) {
    if (running.compareAndSet(false, true)) {
      Thread.ofVirtual().name("session-watch").start(() -> watch(shell));
    }
  }

  private void watch(AgentProcess shell) {
    try {
      Look look = new Look(shell);
      do {
        Thread.sleep(look.pause);
        if (session.isWaiting()) {
          look.next();
        }
      } while (session.isWaiting());
      session.settle();
    } catch (AgentException e) {
      LOG.debug("a shell is not watched any more: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      running.set(false);
    }
    if (session.isWaiting() && agent.isOpen()) {
      start(shell); // A command that came when the last look was over.
    }
  }

  /** One look after the other. */
  private final class Look {
    private final AgentProcess shell;
    private Duration pause = FIRST_PAUSE;
    private long heard = reports.get();
    private long work = -1;
    private int marks;
    private int stops;

    Look(AgentProcess shell) {
      this.shell = shell;
    }

    void next() throws InterruptedException {
      long now = reports.get();
      if (now != heard) {
        heard = now;
        marks = 0;
        stops = 0;
        pause = FIRST_PAUSE;
      } else if (marks == 0) {
        mark();
      } else {
        Activity.of(agent, shell.pid()).ifPresentOrElse(this::judge, this::later);
      }
    }

    private void judge(Activity activity) {
      Optional<Task> found =
          activity.tasks().stream().filter(task -> task.pid() == shell.pid()).findFirst();
      long before = work;
      work = found.map(Task::work).orElse(-1L);
      if (found.isPresent() && found.get().state().startsWith("T")) {
        resume();
      } else if (found.isEmpty() || found.get().unread() > 0) {
        later();
      } else if (marks < MARKS) {
        mark();
      } else if (work == before) {
        session.deaf();
      }
    }

    /** A stopped shell is continued, as nobody else would do so; not for ever. */
    private void resume() {
      if (++stops > MOST_STOPS) {
        session.deaf();
      }
      agent.signal(shell.process(), SIGCONT, false);
      pause = FIRST_PAUSE;
    }

    private void mark() {
      session.mark();
      marks++;
      pause = FIRST_PAUSE;
    }

    private void later() {
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }
  }
}
