package io.daytona.server.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** What the process logs while this is open, as the lines it writes. */
public final class LoggedLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final Logger logger;
  private final LogLine layout = new LogLine();
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final StringBuilder all = new StringBuilder();

  /**
   * @param name logger whose lines are kept, and those of all below it
   */
  public LoggedLines(String name) {
    logger = (Logger) LoggerFactory.getLogger(name);
    setContext(logger.getLoggerContext());
    layout.start();
    start();
    logger.addAppender(this);
  }

  @Override
  protected void append(ILoggingEvent event) {
    lines.add(layout.doLayout(event));
  }

  /** The first line not yet looked at that contains this. */
  public String awaitWith(String part) throws InterruptedException {
    while (true) {
      String line = lines.poll(10, TimeUnit.SECONDS);
      if (line == null) {
        throw new AssertionError("no line with " + part + " after\n" + all);
      }
      all.append(line);
      if (line.contains(part)) {
        return line;
      }
    }
  }

  /** Every line looked at so far. */
  public String all() {
    return all.toString();
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    stop();
  }
}
