package io.daytona.toolbox.interpreter;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.AgentErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process that keeps the state of one context. Used by one thread at a time. */
final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final int SIGKILL = 9;
  private static final int ACKNOWLEDGE_AFTER = 256 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** An idle worker reads at once, whatever its code does. */
  private static final Duration WRITE_PATIENCE = Duration.ofSeconds(10);

  /** What is left of earlier runs is there already. */
  private static final Duration LEFTOVERS = Duration.ofSeconds(2);

  /** A worker sends no more than its window before it hears of its reader. */
  private static final long RING_BYTES = 4 << 20;

  private final Agent agent;
  private AgentProcess process;
  private FrameReader frames;
  private boolean adopted;

  /** Whether a run of an earlier connection may still be in progress. */
  private boolean busy;

  private Worker(Agent agent, AgentProcess process, FrameReader frames, boolean adopted) {
    this.agent = agent;
    this.process = process;
    this.frames = frames;
    this.adopted = adopted;
    this.busy = adopted;
  }

  /**
   * Starts a worker and waits until it takes commands.
   *
   * @throws WorkerUnavailable when the sandbox has no Python that works
   */
  static Worker start(Agent agent, ContextLabel label)
      throws WorkerUnavailable, InterruptedException {
    AgentProcess process = spawn(agent, label);
    Worker worker = new Worker(agent, process, new FrameReader(process, false), false);
    String problem = worker.awaitReady();
    if (problem == null) {
      return worker;
    }
    worker.kill();
    worker.forget();
    throw WorkerUnavailable.because(problem);
  }

  /** Takes a worker over that an earlier connection to the sandbox started. */
  static Worker adopt(Agent agent, ProcessInfo info) throws IOException {
    AgentProcess process = agent.attach(info.process(), info.offset(), true);
    Worker worker = new Worker(agent, process, new FrameReader(process, true), true);
    worker.command(Map.of("attached", true));
    return worker;
  }

  private static AgentProcess spawn(Agent agent, ContextLabel label) throws WorkerUnavailable {
    for (String interpreter : WorkerProgram.INTERPRETERS) {
      Spawn spawn =
          Spawn.merged(WorkerProgram.argv(interpreter), Map.of(), label.cwd())
              .unmerged()
              .withStdin()
              .detachedAs("", label.text(), RING_BYTES)
              .withSubreaper();
      try {
        return agent.spawn(spawn);
      } catch (AgentException e) {
        if (AgentErrors.isUnavailable(e)) {
          throw e;
        }
        if (e.code().equals("cwd")) {
          throw WorkerUnavailable.badDirectory(
              "cannot use the directory " + label.cwd() + ": " + AgentErrors.text(e));
        }
        if (e.errno() != Errno.ENOENT) {
          throw WorkerUnavailable.because(interpreter + ": " + AgentErrors.text(e));
        }
      }
    }
    throw WorkerUnavailable.because("the sandbox has no python3; install the package python3");
  }

  /** Waits for the first frame; what is wrong when it is not the one expected. */
  private @Nullable String awaitReady() throws InterruptedException {
    try {
      return switch (frames.next(PATIENCE)) {
        case WorkerFrame.Ready _ -> null;
        case WorkerFrame.Ended ended ->
            "install Python 3.8 or newer; what is there failed: " + lastLine(ended.stderr());
        case null, default -> "Python did not start in time";
      };
    } catch (IOException e) {
      return "Python printed something else than its program does";
    }
  }

  private static String lastLine(String text) {
    return text.strip().lines().reduce("", (first, second) -> second);
  }

  /** Id of the process. */
  String process() {
    return process.process();
  }

  /**
   * Whether the process still runs; takes what earlier runs left behind. One that talks without end
   * while nothing runs is no worker any more, and is ended.
   */
  boolean isAlive() throws InterruptedException {
    long deadline = System.nanoTime() + LEFTOVERS.toNanos();
    try {
      while (System.nanoTime() - deadline < 0) {
        switch (frames.next(Duration.ZERO)) {
          case null -> {
            return true;
          }
          case WorkerFrame.Ended _ -> {
            return false;
          }
          case WorkerFrame.Done _ -> busy = false;
          default -> {}
        }
      }
    } catch (AgentException e) {
      log.debug("the worker {} is of no use any more: {}", process.process(), e.getMessage());
      return false;
    } catch (IOException e) {
      log.debug("the worker {} does not behave: {}", process.process(), e.getMessage());
    }
    kill();
    return false;
  }

  /** Whether what it is told may have to wait for a run of an earlier connection. */
  boolean isBusy() {
    return busy;
  }

  /** Tells it to run code. */
  void run(String id, String code, Map<String, String> envs, long timeoutSeconds)
      throws IOException {
    command(Map.of("run", id, "code", code, "envs", envs, "timeout", timeoutSeconds));
  }

  /** The next frame; null when the time passed first. */
  @Nullable WorkerFrame next(Duration timeout) throws IOException, InterruptedException {
    WorkerFrame frame;
    try {
      frame = frames.next(timeout);
    } catch (AgentException e) {
      if (!e.code().equals("overrun")) {
        throw e;
      }
      resume();
      frame = frames.next(timeout);
    }
    if (frames.unacknowledged() >= ACKNOWLEDGE_AFTER) {
      command(Map.of("taken", frames.acknowledge()));
    }
    busy &= !(frame instanceof WorkerFrame.Done);
    return frame;
  }

  /** Goes on with the oldest frame that is still held, when this side was too slow. */
  private void resume() {
    String id = process.process();
    process.close();
    process = agent.attach(id, 0, true);
    frames = new FrameReader(process, true);
    adopted = true;
  }

  /** Ends it and everything it started. */
  void kill() {
    WorkerProcesses.signal(agent, process.process(), SIGKILL);
  }

  /** Removes the ended process's record. */
  void forget() {
    close();
    WorkerProcesses.forget(agent, process.process());
  }

  @Override
  public void close() {
    process.close();
  }

  /** Writes; a worker that does not read for a while is ended, which ends the write too. */
  private void write(byte[] line) {
    CountDownLatch written = new CountDownLatch(1);
    Thread.ofVirtual().name("interpreter-write").start(() -> endUnless(written));
    try {
      process.write(line, 0, line.length);
    } finally {
      written.countDown();
    }
  }

  private void endUnless(CountDownLatch written) {
    try {
      if (!written.await(WRITE_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        log.info("the worker {} does not read and is ended", process.process());
        kill();
      }
    } catch (AgentException e) {
      log.debug("a worker that does not read was lost: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void command(Map<String, ?> command) throws IOException {
    byte[] line = (AsciiJson.of(command) + "\n").getBytes(StandardCharsets.US_ASCII);
    try {
      if (adopted) {
        agent.input(process.process(), line, false);
      } else {
        write(line);
      }
    } catch (AgentException e) {
      throw new IOException("the worker does not listen: " + e.getMessage(), e);
    }
  }
}
