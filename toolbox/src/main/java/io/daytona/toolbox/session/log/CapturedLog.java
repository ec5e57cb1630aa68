package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.AgentProcess.Output.Chunk;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All output of a command that has ended, in memory.
 *
 * @param chunks the output
 */
public record CapturedLog(List<Chunk> chunks) implements CommandLog {
  /** Keeps a copy of the list. */
  public CapturedLog {
    chunks = List.copyOf(chunks);
  }

  @Override
  public LogReader snapshot() {
    return new Reader(chunks);
  }

  @Override
  public LogReader follow() {
    return snapshot();
  }

  private static final class Reader implements LogReader {
    private final LineSplitter lines = new LineSplitter();

    Reader(List<Chunk> chunks) {
      chunks.forEach(chunk -> lines.add(chunk.channel(), chunk.bytes(), chunk.bytes().length));
      lines.finish();
    }

    @Override
    public @Nullable LogRecord next(boolean wait) {
      return lines.poll();
    }

    @Override
    public long lost() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
