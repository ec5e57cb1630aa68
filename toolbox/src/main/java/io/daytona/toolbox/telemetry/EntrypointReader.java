package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.session.Entrypoint;
import io.daytona.toolbox.session.log.LineSplitter;
import io.daytona.toolbox.session.log.LogRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Reads lines of an entrypoint's output from an offset on; one thread. */
final class EntrypointReader implements AutoCloseable {
  private static final long NOTHING = -1;

  private final Agent agent;
  private final LineSplitter lines = new LineSplitter();

  /** Where the line begins that is held of a channel, {@link #NOTHING} when none is. */
  private final long[] begins = {NOTHING, NOTHING};

  private AgentProcess stream;

  /** Where the output begins that gave the lines which are ready. */
  private long readyFrom;

  private boolean ended;

  /**
   * @throws AgentException also when there is no entrypoint
   */
  EntrypointReader(Agent agent, long offset) {
    this.agent = agent;
    this.stream = agent.attach(Entrypoint.SESSION, offset, true);
    this.readyFrom = stream.offset();
    noteLoss();
  }

  /** Whether there is nothing more to come. */
  boolean ended() {
    return ended;
  }

  /** Where to read from again so that nothing is lost that {@link #next} has not given. */
  long offset() {
    return lines.isEmpty() ? withHeld(stream.offset()) : readyFrom;
  }

  private long withHeld(long position) {
    long offset = position;
    for (long begin : begins) {
      offset = begin == NOTHING ? offset : Math.min(offset, begin);
    }
    return offset;
  }

  /**
   * The next line; null when none came in time, or at the end.
   *
   * @throws AgentException when the sandbox went away
   */
  @Nullable EntrypointLine next(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (true) {
      LogRecord line = lines.poll();
      if (line != null) {
        return new EntrypointLine(line.channel() == LogRecord.STDERR, text(line), Instant.now());
      }
      Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
      if (ended || !read(left)) {
        return null;
      }
    }
  }

  /** Reads some output; false when none came in time. */
  private boolean read(Duration timeout) throws InterruptedException {
    long at = stream.offset();
    try {
      Output output = stream.next(timeout);
      if (output instanceof Output.Chunk chunk) {
        add(chunk, at);
      } else if (output instanceof Output.Exit) {
        finish();
      }
      return output != null;
    } catch (AgentException e) {
      if (!e.code().equals(AgentException.OVERRUN)) {
        throw e;
      }
      stream.close();
      stream = agent.attach(Entrypoint.SESSION, at, true);
      noteLoss();
      return true;
    }
  }

  private void add(Output.Chunk chunk, long at) {
    int length = chunk.bytes().length;
    readyFrom = withHeld(at);
    int before = lines.held(chunk.channel());
    lines.add(chunk.channel(), chunk.bytes(), length);
    int held = lines.held(chunk.channel());
    if (held == 0) {
      begins[chunk.channel() - 1] = NOTHING;
    } else if (before == 0 || held != before + length) {
      begins[chunk.channel() - 1] = at + length - held;
    }
  }

  private void noteLoss() {
    if (stream.lostBytes() > 0) {
      lines.gap(stream.lostBytes());
      begins[0] = NOTHING;
      begins[1] = NOTHING;
    }
  }

  private void finish() {
    lines.finish();
    begins[0] = NOTHING;
    begins[1] = NOTHING;
    ended = true;
  }

  private static String text(LogRecord line) {
    int end = line.offset() + line.length();
    while (end > line.offset()
        && (line.bytes()[end - 1] == '\n' || line.bytes()[end - 1] == '\r')) {
      end--;
    }
    return new String(line.bytes(), line.offset(), end - line.offset(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    stream.close();
  }
}
