package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;

/** The bytes of a stream's first channel as an {@link InputStream}. */
final class StreamInput extends InputStream {
  private static final Duration FOREVER = Duration.ofDays(365_000);

  private final AgentStream stream;
  private final Duration patience;
  private byte[] piece = {};
  private int at;
  private boolean ended;

  StreamInput(AgentStream stream) {
    this(stream, FOREVER);
  }

  /**
   * @param patience how long nothing may come: then reading fails with ETIMEDOUT as the cause
   */
  StreamInput(AgentStream stream, Duration patience) {
    this.stream = stream;
    this.patience = patience;
  }

  @Override
  public int read() throws IOException {
    return fill() ? Byte.toUnsignedInt(piece[at++]) : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, piece.length - at);
    System.arraycopy(piece, at, into, offset, count);
    at += count;
    return count;
  }

  @Override
  public int available() {
    return piece.length - at;
  }

  @Override
  public long transferTo(OutputStream out) throws IOException {
    long total = 0;
    while (fill()) {
      int count = piece.length - at;
      out.write(piece, at, count);
      at = piece.length;
      total += count;
    }
    return total;
  }

  /** Passes on at most that many bytes, as they came; returns how many, 0 at the end. */
  int pass(OutputStream out, long limit) throws IOException {
    if (limit == 0 || !fill()) {
      return 0;
    }
    int count = (int) Math.min(limit, piece.length - at);
    int from = at;
    at += count;
    out.write(piece, from, count);
    return count;
  }

  @Override
  public void close() {
    stream.close();
  }

  private boolean fill() throws IOException {
    while (at == piece.length && !ended) {
      switch (take()) {
        case Received.Bytes bytes -> {
          piece = bytes.bytes();
          at = 0;
        }
        case Received.End _ -> ended = true;
        case Received.Exit _ -> throw new EOFException("the sandbox ended the stream too early");
      }
    }
    return at < piece.length;
  }

  private Received take() throws IOException {
    try {
      Received received = stream.next(patience);
      if (received == null && !stream.isEnded()) {
        throw new AgentException(
            Errno.ETIMEDOUT, "timeout", "nothing came for " + patience.toSeconds() + " s");
      }
      if (received == null) {
        throw new EOFException("the sandbox ended the stream too early");
      }
      return received;
    } catch (AgentException e) {
      throw new IOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("the wait was interrupted");
      interrupted.initCause(e);
      throw interrupted;
    }
  }
}
