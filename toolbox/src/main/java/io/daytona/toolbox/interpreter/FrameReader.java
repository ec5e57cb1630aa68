package io.daytona.toolbox.interpreter;

import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Cuts the output of a worker into frames. Used by one thread at a time. */
final class FrameReader {
  /** Far above what our worker sends: a process that sends more is not our worker any more. */
  private static final int MAX_LINE = 1 << 20;

  private static final int MAX_STDERR = 4_096;
  private static final int STDERR = 2;

  private final AgentProcess process;
  private final Queue<byte[]> lines = new ArrayDeque<>();
  private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
  private boolean tolerant;
  private boolean ended;
  private int unacknowledged;

  /**
   * @param fromMiddle whether the output may begin in the middle of a frame: what makes no sense is
   *     left out until the worker says that it is ready
   */
  FrameReader(AgentProcess process, boolean fromMiddle) {
    this.process = process;
    this.tolerant = fromMiddle;
  }

  /**
   * The next frame; null when the time passed first.
   *
   * @throws IOException when the process does not speak our language
   */
  @Nullable WorkerFrame next(Duration timeout) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      while (lines.isEmpty()) {
        if (ended) {
          return new WorkerFrame.Ended(stderr.toString(StandardCharsets.UTF_8));
        }
        Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
        if (!take(process.next(left))) {
          return null;
        }
      }
      WorkerFrame frame = parse(lines.remove());
      if (frame != null) {
        return frame;
      }
    }
  }

  private @Nullable WorkerFrame parse(byte[] line) throws IOException {
    try {
      WorkerFrame frame = WorkerFrame.parse(line);
      tolerant &= !(frame instanceof WorkerFrame.Ready);
      return frame;
    } catch (IOException e) {
      if (tolerant) {
        return null;
      }
      throw e;
    }
  }

  /** Bytes of output taken since this was asked for last. */
  int acknowledge() {
    int count = unacknowledged;
    unacknowledged = 0;
    return count;
  }

  /** Bytes of output taken and not acknowledged. */
  int unacknowledged() {
    return unacknowledged;
  }

  /** Takes what the process gave; false for nothing. */
  private boolean take(@Nullable Output output) throws IOException {
    switch (output) {
      case null -> {
        return false;
      }
      case Output.Chunk chunk -> takeBytes(chunk);
      case Output.End _ -> {}
      case Output.Exit _ -> ended = true;
    }
    return true;
  }

  private void takeBytes(Output.Chunk chunk) throws IOException {
    byte[] bytes = chunk.bytes();
    if (chunk.channel() == STDERR) {
      stderr.write(bytes, 0, Math.min(bytes.length, MAX_STDERR - stderr.size()));
      return;
    }
    unacknowledged += bytes.length;
    int from = 0;
    for (int at = 0; at < bytes.length; at++) {
      if (bytes[at] == '\n') {
        endLine(bytes, from, at);
        from = at + 1;
      }
    }
    partial.write(bytes, from, bytes.length - from);
    if (partial.size() > MAX_LINE) {
      throw new IOException("a frame without end");
    }
  }

  private void endLine(byte[] bytes, int from, int to) {
    if (partial.size() == 0) {
      lines.add(Arrays.copyOfRange(bytes, from, to));
    } else {
      partial.write(bytes, from, to - from);
      lines.add(partial.toByteArray());
    }
    partial.reset();
  }
}
