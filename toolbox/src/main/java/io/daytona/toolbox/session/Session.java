package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shell and its commands. What is fed to the shell's input at once is the queue: it is in the
 * sandbox, so that nothing is lost when the platform is restarted. Safe for threads.
 */
final class Session implements ControlChannel.Listener, ShellWatch.Watched {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** Exit code of a command that never ran, or whose exit code is not known. */
  static final int NEVER_RAN = -1;

  /** How long a new shell may take to answer. */
  static final Duration SHELL_PATIENCE = Duration.ofSeconds(10);

  private static final int SIGKILL = 9;
  private static final String BARRIER = "barrier ";
  private static final String READY = "ready ";
  private static final String HELD = "held ";

  private final Agent agent;
  private final ProcessLabel label;
  private final String process;
  private final SessionFiles files;
  private final BiConsumer<Session, Command> completed;
  private final CompletableFuture<ShellText.Kind> shell = new CompletableFuture<>();
  private final CompletableFuture<Integer> shellEnd = new CompletableFuture<>();

  /** Commands are fed in the order of their numbers. */
  private final ReentrantLock feeding = new ReentrantLock();

  /** Held while logs are moved to files, and while the files are removed. */
  private final ReentrantLock saving = new ReentrantLock();

  private final CommandQueue commands = new CommandQueue();

  /** The stream of the shell; one that this connection started takes its input, too. */
  private volatile @Nullable AgentProcess stream;

  private volatile boolean deleted;
  private volatile boolean deaf;
  private volatile @Nullable Command reported;
  private final ShellWatch watch;

  /**
   * @param label the session's
   * @param process the agent's id of its shell
   * @param completed hears of every command that ended, on the thread of the control channel
   */
  Session(
      Agent agent,
      ProcessLabel label,
      String process,
      SessionFiles files,
      BiConsumer<Session, Command> completed) {
    this.agent = agent;
    this.label = label;
    this.process = process;
    this.files = files;
    this.completed = completed;
    this.watch = new ShellWatch(agent, this);
  }

  /**
   * A command that was started.
   *
   * @param command the command
   * @param output its output from the beginning; the caller closes it
   */
  record Started(Command command, AgentProcess output) {}

  /** The shell has ended or is deaf, so nothing can be done in this session any more. */
  static final class EndedException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  String id() {
    return label.id();
  }

  String process() {
    return process;
  }

  SessionFiles files() {
    return files;
  }

  ReentrantLock saving() {
    return saving;
  }

  ProcessLabel label() {
    return label;
  }

  /** What the shell is; exceptionally if it ended before it said so. */
  CompletableFuture<ShellText.Kind> shell() {
    return shell;
  }

  /** Completes when the shell has ended. */
  CompletableFuture<Integer> shellEnd() {
    return shellEnd;
  }

  boolean isEnded() {
    return shellEnd.isDone();
  }

  boolean isDeleted() {
    return deleted;
  }

  /** Whether the shell reads commands and does not execute them. */
  boolean isDeaf() {
    return deaf;
  }

  void markDeleted() {
    deleted = true;
  }

  /** All commands, oldest first. */
  List<Command> commands() {
    return commands.all();
  }

  Optional<Command> command(String id) {
    return commands.find(id);
  }

  /** Adds a command that was found again; to be called in the order of their numbers. */
  void restore(Command command) {
    commands.restore(command);
  }

  /** Forgets a command. */
  void drop(Command command) {
    commands.drop(command);
  }

  /**
   * Hands a command to the shell, behind those it has not finished.
   *
   * @throws EndedException when the shell has ended
   * @throws AgentException when the sandbox refused it
   */
  Started start(String text, boolean async, boolean quiet)
      throws EndedException, InterruptedException {
    ShellText.Kind kind = readyShell();
    feeding.lock();
    try {
      Holder holder =
          Holder.prepare(label.session(), commands.nextNumber(), text, async, quiet, files);
      AgentProcess output = holder.spawn(agent);
      try {
        if (!commands.add(holder.command())) {
          throw new EndedException();
        }
        feed(holder.text(kind, output.pid()), !async);
        watch();
        return new Started(holder.command(), output);
      } catch (EndedException | AgentException e) {
        drop(holder.command());
        Holder.discard(agent, output);
        if (e instanceof AgentException refused && !isGone(refused)) {
          throw refused;
        }
        throw new EndedException();
      }
    } finally {
      feeding.unlock();
    }
  }

  private ShellText.Kind readyShell() throws EndedException, InterruptedException {
    try {
      if (!isEnded() && !deleted && !deaf) {
        return shell.get(SHELL_PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("the shell does not answer: session={}", label.session(), e);
    }
    throw new EndedException();
  }

  private static boolean isGone(AgentException e) {
    return e.errno() == Errno.ESRCH || e.errno() == Errno.EPIPE;
  }

  /** Hears the shell's reports, of which those up to an offset are old. */
  ControlChannel listen(AgentProcess reports, long known) {
    stream = reports;
    ControlChannel control = new ControlChannel(agent, this, known);
    control.start(reports);
    return control;
  }

  /** Asks the shell to report. */
  void probe() {
    feed(ShellText.PROBE, true);
  }

  /**
   * Makes sure that a command which the platform could not hand to the shell any more is not waited
   * for: what has not run when the shell comes to this mark never will.
   */
  void markRestored() {
    // A command that is being started would seem to have been passed by.
    feeding.lock();
    try {
      if (commands.isEnded()) {
        return;
      }
      if (!shell.isDone()) {
        probe();
      }
      if (commands.isWaiting()) {
        feedBarrier(commands.lastNumber());
        watch();
      }
    } catch (AgentException e) {
      if (!isGone(e)) {
        throw e;
      }
    } finally {
      feeding.unlock();
    }
  }

  private void watch() {
    AgentProcess known = stream;
    if (known != null) {
      watch.start(known);
    }
  }

  @Override
  public boolean isWaiting() {
    return commands.isWaiting();
  }

  @Override
  public void mark() {
    feeding.lock();
    try {
      feedBarrier(commands.lastNumber());
    } finally {
      feeding.unlock();
    }
  }

  private void feedBarrier(long last) {
    ShellText.Kind kind =
        shell.exceptionally(e -> ShellText.Kind.POSIX).getNow(ShellText.Kind.POSIX);
    feed(ShellText.echo(kind, BARRIER + last), false);
  }

  @Override
  public void settle() {
    Command last = reported;
    if (last != null) {
      kill(last);
    }
  }

  @Override
  public void deaf() {
    deaf = true;
    giveUp(Long.MAX_VALUE);
  }

  /**
   * Feeds the shell.
   *
   * @param soon whether the shell's stream may take the text, which spares a round trip; then it is
   *     on its way, not yet in the sandbox, and somebody must be waiting for what it does
   */
  private void feed(String text, boolean soon) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    AgentProcess known = stream;
    if (!soon || known == null || !known.offer(bytes)) {
      agent.input(process, bytes, false);
    }
  }

  @Override
  public void reported(String text) {
    watch.reported();
    deaf = false;
    if (text.startsWith(READY)) {
      shell.complete(ShellText.Kind.of(text));
      return;
    }
    if (text.startsWith(BARRIER)) {
      number(text.substring(BARRIER.length())).ifPresent(last -> giveUp(last + 1L));
      return;
    }
    if (text.startsWith(HELD)) {
      command(text.substring(HELD.length())).ifPresent(this::kill);
      return;
    }
    int blank = text.indexOf(' ');
    OptionalInt status = blank < 0 ? OptionalInt.empty() : number(text.substring(blank + 1));
    if (status.isEmpty()) {
      return;
    }
    command(text.substring(0, blank))
        .ifPresent(command -> {
          giveUp(command.number());
          reported = command;
          complete(command, status.getAsInt());
        });
  }

  private static OptionalInt number(String digits) {
    return digits.matches("\\d{1,9}")
        ? OptionalInt.of(Integer.parseInt(digits))
        : OptionalInt.empty();
  }

  /** The shell runs commands in order: what it passed by without a report never ran. */
  private void giveUp(long before) {
    for (Command command : commands.pendingBefore(before)) {
      complete(command, NEVER_RAN);
      kill(command);
    }
  }

  private void complete(Command command, int exitCode) {
    commands.finish(command);
    if (command.exit().complete(exitCode)) {
      completed.accept(this, command);
    }
  }

  /** Nobody waits for ever for a report that was lost. */
  @Override
  public void missed() {
    try {
      markRestored();
    } catch (AgentException e) {
      LOG.info("a shell was not asked for its reports: cause={}", e.getMessage());
    }
  }

  /** The command that ran ends with the shell; those behind it never run. */
  @Override
  public void ended(int status) {
    List<Command> left = commands.end();
    int exitCode = status < 0 ? 128 - status : status;
    for (Command command : left) {
      complete(command, command == left.getFirst() ? exitCode : NEVER_RAN);
    }
    shellEnd.complete(status);
    shell.completeExceptionally(new EndedException());
    left.forEach(this::kill);
  }

  @Override
  public void lost(AgentException cause) {
    List<Command> left = commands.end();
    shellEnd.completeExceptionally(cause);
    shell.completeExceptionally(cause);
    left.forEach(command -> command.exit().completeExceptionally(cause));
  }

  private void kill(Command command) {
    try {
      agent.signal(command.process(), SIGKILL, false);
    } catch (AgentException e) {
      LOG.debug("the holder of a command was gone: {}", e.getMessage());
    }
  }
}
