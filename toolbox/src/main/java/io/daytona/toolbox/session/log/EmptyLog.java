package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.Agent;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The log of a program that runs as long as its sandbox and writes nothing.
 *
 * @param agent of the sandbox
 */
public record EmptyLog(Agent agent) implements CommandLog {
  @Override
  public LogReader snapshot() {
    return new CapturedLog(List.of()).snapshot();
  }

  @Override
  public LogReader follow() {
    return new Reader(agent);
  }

  private static final class Reader implements LogReader {
    private final Agent agent;
    private final CountDownLatch closed = new CountDownLatch(1);

    Reader(Agent agent) {
      this.agent = agent;
    }

    @Override
    public @Nullable LogRecord next(boolean wait) throws InterruptedException {
      while (wait && agent.isOpen() && !closed.await(1, TimeUnit.SECONDS)) {
        // Nothing else can happen.
      }
      return null;
    }

    @Override
    public long lost() {
      return 0;
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }
}
