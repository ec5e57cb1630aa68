package io.daytona.toolbox.agent;

import java.time.Duration;
import java.util.Arrays;

/** Given bytes as a program's standard output, in pieces; then it ends with status 0. */
public final class Feed implements AgentProcess {
  private final byte[] bytes;
  private final int piece;
  private int at;

  private Feed(byte[] bytes, int piece) {
    this.bytes = bytes;
    this.piece = piece;
  }

  /** The bytes of an input behind its first, which says in pieces of how many bytes they come. */
  public static Feed of(byte[] input) {
    return input.length == 0
        ? new Feed(input, 1)
        : new Feed(Arrays.copyOfRange(input, 1, input.length), Math.max(1, input[0]));
  }

  @Override
  public String process() {
    return "feed";
  }

  @Override
  public long pid() {
    return 1;
  }

  @Override
  public long firstOffset() {
    return 0;
  }

  @Override
  public long lostBytes() {
    return 0;
  }

  @Override
  public long offset() {
    return at;
  }

  @Override
  public void write(byte[] input, int offset, int length) {
    throw new UnsupportedOperationException("it reads nothing");
  }

  @Override
  public boolean offer(byte[] input) {
    return false;
  }

  @Override
  public void endInput() {
    throw new UnsupportedOperationException("it reads nothing");
  }

  @Override
  public Output next(Duration timeout) {
    if (at >= bytes.length) {
      return new Output.Exit(0);
    }
    int from = at;
    at = Math.min(bytes.length, from + piece);
    return new Output.Chunk(1, Arrays.copyOfRange(bytes, from, at));
  }

  @Override
  public void close() {
    at = bytes.length;
  }
}
