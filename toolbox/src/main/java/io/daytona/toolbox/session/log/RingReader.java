package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Reads a detached process's output until the process ends or an offset is reached. It holds no
 * more than a stream's window: a slow reader is overtaken by the ring, which it then says.
 */
final class RingReader implements LogReader {
  private static final Duration LONG = Duration.ofDays(1);
  private static final String ABSENT = "absent";

  private final Agent agent;
  private final String process;
  private final long stop;
  private final LineSplitter lines = new LineSplitter();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile AgentProcess stream;
  private long lost;
  private boolean ended;

  RingReader(Agent agent, String process, long stop) {
    this.agent = agent;
    this.process = process;
    this.stop = stop;
    this.stream = agent.attach(process, 0, true);
    noteLoss();
  }

  @Override
  public @Nullable LogRecord next(boolean wait) throws InterruptedException {
    while (true) {
      LogRecord record = lines.poll();
      if (record != null || ended) {
        return record;
      }
      long at = stream.offset();
      if (at >= stop) {
        ended = true;
        continue;
      }
      Output output = read(wait ? LONG : Duration.ZERO);
      if (output instanceof Output.Chunk chunk) {
        lines.add(chunk.channel(), chunk.bytes(), (int) Math.min(chunk.bytes().length, stop - at));
      } else if (output instanceof Output.Exit) {
        finish();
      } else if (output == null && !wait) {
        return null;
      }
    }
  }

  private @Nullable Output read(Duration timeout) throws InterruptedException {
    try {
      return stream.next(timeout);
    } catch (AgentException e) {
      if (e.code().equals(AgentException.OVERRUN)) {
        reattach();
      } else if (e.code().equals(ABSENT)) {
        finish(); // The session was deleted under a reader that did not keep up.
      } else {
        throw e;
      }
      return new Output.End(1);
    }
  }

  private void reattach() {
    long at = stream.offset();
    stream.close();
    AgentProcess next = agent.attach(process, at, true);
    stream = next;
    if (closed.get()) {
      next.close();
    }
    noteLoss();
  }

  private void noteLoss() {
    if (stream.lostBytes() > 0) {
      lost += stream.lostBytes();
      lines.gap(stream.lostBytes());
    }
  }

  private void finish() {
    lines.finish();
    ended = true;
  }

  @Override
  public long lost() {
    return lost;
  }

  @Override
  public void close() {
    closed.set(true);
    stream.close();
  }
}
