package io.daytona.toolbox.git;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.fsutil.Activity;
import io.daytona.toolbox.fsutil.Activity.Task;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Ends a git that would never come to an end: it looks at what git does, soon at first and then
 * less often. Which files git reads depends on settings that only git knows, so they are not
 * examined before. Used by one thread.
 */
final class GitWatch implements GitRecords.Watch {
  private static final int SIGTERM = 15;
  private static final int SIGKILL = 9;
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration FIRST_LOOK = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** What is open for a moment in the ordinary course of things is not open twice. */
  private static final Set<String> ENDLESS = Set.of("/dev/zero", "/dev/full");

  private final Agent agent;
  private final AgentProcess process;
  private final Patience patience;
  private final Errors errors;
  private final long started = System.nanoTime();
  private long pause = FIRST_LOOK.toNanos();
  private long nextLook = started + pause;
  private long heard = started;
  private long progress = started;
  private long work = -1;
  private String before = "";

  /**
   * How long what may last.
   *
   * @param standstill nobody uses the processor, reads or writes
   * @param remote the same while somebody of them waits for another computer
   * @param silence no output
   */
  record Patience(Duration standstill, Duration remote, Duration silence) {
    /** For work on files. */
    static final Patience LOCAL =
        new Patience(Duration.ofMinutes(1), Duration.ofMinutes(10), Duration.ofHours(1));

    /** As long as the most patient client waits (toolbox protocol §1.7). */
    static final Patience NETWORK =
        new Patience(LOCAL.standstill, LOCAL.remote, Duration.ofHours(24));
  }

  /** Makes the errors that a client sees. */
  interface Errors {
    /** 400. */
    DaytonaException badRequest(String message);
  }

  GitWatch(Agent agent, AgentProcess process, Patience patience, Errors errors) {
    this.agent = agent;
    this.process = process;
    this.patience = patience;
    this.errors = errors;
  }

  @Override
  public Duration untilLook() {
    return Duration.ofNanos(Math.max(0, nextLook - System.nanoTime()));
  }

  @Override
  public void heard() {
    heard = System.nanoTime();
    progress = heard;
  }

  @Override
  public void look() throws InterruptedException {
    Optional<Activity> seen = Activity.of(agent, process.pid());
    long now = System.nanoTime();
    pause = Math.min(LONGEST_PAUSE.toNanos(), pause * 2);
    nextLook = now + pause;
    if (seen.isPresent()) {
      judge(seen.get(), now);
    }
    if (now - heard > patience.silence.toNanos()) {
      end();
      throw timeout("git did not come to an end");
    }
  }

  private void judge(Activity activity, long now) throws InterruptedException {
    List<Task> own = activity.tasks().stream().filter(GitWatch::isGit).toList();
    String device = first(own, Task::device, ENDLESS::contains);
    String present =
        device + first(own, Task::fifo, _ -> true) + first(own, Task::device, _ -> true);
    boolean again = !present.isEmpty() && present.equals(before);
    before = present;
    if (!device.isEmpty() || again) {
      end();
      throw errors.badRequest(endless(own));
    }
    long sum = activity.tasks().stream().mapToLong(task -> task.work() + task.pid()).sum();
    if (sum != work || activity.tasks().stream().anyMatch(task -> task.state().equals("D"))) {
      work = sum;
      progress = now;
    }
    boolean remote = activity.leaves().stream().anyMatch(Task::socket);
    Duration most = remote ? patience.remote : patience.standstill;
    if (now - progress >= most.toNanos()) {
      end();
      throw timeout(standstill(activity, most));
    }
  }

  private static boolean isGit(Task task) {
    return task.name().equals("git") || task.name().startsWith("git-");
  }

  private static String first(
      List<Task> tasks, Function<Task, String> what, Predicate<String> which) {
    return tasks.stream()
        .map(what)
        .filter(text -> !text.isEmpty() && which.test(text))
        .findFirst()
        .orElse("");
  }

  private static String endless(List<Task> own) {
    String fifo = first(own, Task::fifo, _ -> true);
    if (fifo.isEmpty()) {
      return "git reads the device "
          + first(own, Task::device, _ -> true)
          + ", which never ends, in the place of a file; remove it from the repository or from"
          + " git's settings";
    }
    return "git waits for "
        + (fifo.equals("?") ? "a FIFO" : "the FIFO " + fifo)
        + " in the place of a file; remove it, or name another file in git's settings";
  }

  private static String standstill(Activity activity, Duration most) {
    String names =
        activity.leaves().stream().map(Task::name).distinct().collect(Collectors.joining(", "));
    return "git was ended because nothing moved for "
        + most.toSeconds()
        + " seconds while it waited for "
        + names
        + "; see what git's settings (filters, credential helpers, signing) or files make it wait"
        + " for";
  }

  private static DaytonaException timeout(String why) {
    return DaytonaException.of(ErrorKind.REQUEST_TIMEOUT, "request timeout: " + why);
  }

  @Override
  public DaytonaException tooLarge() {
    signal(SIGKILL);
    return errors.badRequest("git wrote more than is read of one answer");
  }

  /** Lets git remove its locks, then kills what is left. */
  private void end() throws InterruptedException {
    signal(SIGTERM);
    long deadline = System.nanoTime() + GRACE.toNanos();
    Output output;
    do {
      output = process.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    } while (output != null && !(output instanceof Output.Exit));
    signal(SIGKILL);
  }

  private void signal(int signal) {
    try {
      agent.signal(process.process(), signal, true);
    } catch (AgentException e) {
      if (e.errno() != Errno.ESRCH && e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
