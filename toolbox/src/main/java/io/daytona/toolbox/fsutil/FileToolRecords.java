package io.daytona.toolbox.fsutil;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Errno;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the file tool prints: records of a fixed number of NUL-terminated fields, decoded as they
 * come. It is data of the sandbox. For one thread.
 */
public final class FileToolRecords implements AutoCloseable {
  /** Lines have at most 64 KiB; paths may be longer than the kernel takes in one piece. */
  private static final int MAX_FIELD = 1 << 20;

  private static final int EXIT_USAGE = 2;
  private static final int EXIT_ERRNO = 100;

  private final AgentProcess process;
  private final int fields;
  private final ByteArrayOutputStream field = new ByteArrayOutputStream();
  private List<byte[]> record = new ArrayList<>();
  private byte[] piece = {};
  private int at;
  private boolean ended;

  FileToolRecords(AgentProcess process, int fields) {
    this.process = process;
    this.fields = fields;
  }

  /**
   * The next record; null when the timeout passed first, or at the end.
   *
   * @throws AgentException with the errno of the path it was to look at
   * @throws DaytonaException 400 when it does not understand its arguments, 502 when it ended too
   *     early
   */
  public @Nullable List<byte[]> next(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!ended) {
      if (fill()) {
        List<byte[]> full = record;
        record = new ArrayList<>(fields);
        return full;
      }
      Output output = process.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
      switch (output) {
        case null -> {
          return null;
        }
        case Output.Chunk chunk -> {
          if (chunk.channel() == 1) {
            piece = chunk.bytes();
            at = 0;
          }
        }
        case Output.End _ -> {}
        case Output.Exit exit -> end(exit.status());
      }
    }
    return null;
  }

  /** Whether everything has been given. */
  public boolean ended() {
    return ended;
  }

  @Override
  public void close() {
    process.close();
  }

  /** Takes fields out of the piece at hand; true when they make a record. */
  private boolean fill() {
    while (at < piece.length) {
      int end = at;
      while (end < piece.length && piece[end] != 0) {
        end++;
      }
      field.write(piece, at, end - at);
      if (field.size() > MAX_FIELD) {
        throw broken("it gave a field of more than " + MAX_FIELD + " bytes");
      }
      at = end + 1;
      if (end < piece.length) {
        record.add(field.toByteArray());
        field.reset();
        if (record.size() == fields) {
          return true;
        }
      }
    }
    return false;
  }

  private void end(int status) {
    ended = true;
    if (status == EXIT_USAGE) {
      throw new InvalidPattern();
    }
    if (status > EXIT_ERRNO) {
      int errno = status - EXIT_ERRNO;
      throw new AgentException(errno, "fsutil", Errno.text(errno).orElse("error " + errno));
    }
    if (status != 0 || !record.isEmpty() || field.size() > 0) {
      throw broken(status < 0 ? "it was killed by signal " + -status : "it ended with " + status);
    }
  }

  private static DaytonaException broken(String how) {
    return DaytonaException.of(ErrorKind.BAD_GATEWAY, "The sandbox's file tool failed: " + how);
  }

  /** The tool does not take the pattern. */
  public static final class InvalidPattern extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
