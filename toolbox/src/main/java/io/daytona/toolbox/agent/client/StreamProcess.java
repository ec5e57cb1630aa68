package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentProcess;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A process at the other end of a stream. */
final class StreamProcess implements AgentProcess {
  private final AgentStream stream;
  private final String process;
  private final long pid;
  private final long firstOffset;
  private final long lostBytes;

  /** Only the reading thread changes it. */
  private volatile long offset;

  StreamProcess(
      AgentStream stream, String process, long pid, long firstOffset, long lostBytes, long offset) {
    this.stream = stream;
    this.process = process;
    this.pid = pid;
    this.firstOffset = firstOffset;
    this.lostBytes = lostBytes;
    this.offset = offset;
  }

  @Override
  public String process() {
    return process;
  }

  @Override
  public long pid() {
    return pid;
  }

  @Override
  public long firstOffset() {
    return firstOffset;
  }

  @Override
  public long lostBytes() {
    return lostBytes;
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    stream.send(Protocol.STDIN, bytes, offset, length);
  }

  @Override
  public boolean offer(byte[] bytes) {
    return stream.offer(Protocol.STDIN, bytes);
  }

  @Override
  public void endInput() {
    stream.sendEof(Protocol.STDIN);
  }

  @Override
  public @Nullable Output next(Duration timeout) throws InterruptedException {
    return switch (stream.next(timeout)) {
      case null -> null;
      case Received.Bytes bytes -> taken(new Output.Chunk(bytes.channel(), bytes.bytes()));
      case Received.End end -> new Output.End(end.channel());
      case Received.Exit exit -> new Output.Exit(exit.status());
    };
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread reads
  private Output taken(Output.Chunk chunk) {
    offset += chunk.bytes().length;
    return chunk;
  }

  @Override
  public void close() {
    stream.close();
  }
}
