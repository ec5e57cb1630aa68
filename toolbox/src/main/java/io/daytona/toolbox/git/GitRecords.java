package io.daytona.toolbox.git;

import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.wire.error.DaytonaException;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The output of a running git, read as a sequence of records that end with a byte, in memory for
 * one record. Used by one thread.
 */
final class GitRecords implements AutoCloseable {
  private static final int MAX_RECORD = 16 << 20;

  /** Output that is taken whole: names, settings, hashes. It is held several times over. */
  private static final int MAX_REST = 4 << 20;

  /** Records up to this size count towards no shared memory. */
  private static final int SMALL = 64 << 10;

  /**
   * What the larger records of all repositories may hold together: some copies are made of each.
   */
  private static final AtomicLong LARGE =
      new AtomicLong(Math.max(MAX_RECORD, Runtime.getRuntime().maxMemory() / 16));

  private static final int ERROR_TAIL = 32 << 10;

  private final AgentProcess process;
  private final byte terminator;
  private final Watch watch;
  private ByteArrayOutputStream record = new ByteArrayOutputStream();
  private byte[] chunk = new byte[0];
  private int at;
  private int taken;
  private byte[] errors = new byte[0];
  private int status = Integer.MIN_VALUE;

  /**
   * @param process reads to its end
   * @param terminator last byte of every record, not part of it
   * @param watch decides how long it may take, and what to raise for more than can be held
   */
  GitRecords(AgentProcess process, char terminator, Watch watch) {
    this.process = process;
    this.terminator = (byte) terminator;
    this.watch = watch;
  }

  /**
   * The next record; null when the process has ended. What is behind the last terminator is a
   * record too.
   */
  byte @Nullable [] next() throws InterruptedException {
    while (true) {
      for (int i = at; i < chunk.length; i++) {
        if (chunk[i] == terminator) {
          record.write(chunk, at, i - at);
          at = i + 1;
          return take();
        }
      }
      hold(MAX_RECORD);
      if (!refill()) {
        return record.size() == 0 ? null : take();
      }
    }
  }

  /** All that remains, as one record, with its terminators. */
  byte[] rest() throws InterruptedException {
    do {
      hold(MAX_REST);
    } while (refill());
    return take();
  }

  /** Exit code, or minus the signal, once the end was seen. */
  int status() {
    return status;
  }

  /** The newest part of standard error. */
  String errors() {
    return GitOutput.text(errors);
  }

  private byte[] take() {
    byte[] bytes = record.toByteArray();
    if (taken > 0) {
      record = new ByteArrayOutputStream();
      give();
    } else {
      record.reset();
    }
    return bytes;
  }

  /** Takes the rest of the piece at hand into the record. */
  private void hold(int most) {
    int more = chunk.length - at;
    if (record.size() + more > most) {
      throw watch.tooLarge();
    }
    if (record.size() + more > SMALL) {
      if (LARGE.addAndGet(-more) < 0) {
        LARGE.addAndGet(more);
        throw watch.tooLarge();
      }
      taken += more;
    }
    record.write(chunk, at, more);
    at = chunk.length;
  }

  private void give() {
    LARGE.addAndGet(taken);
    taken = 0;
  }

  private boolean refill() throws InterruptedException {
    while (status == Integer.MIN_VALUE) {
      Duration left = watch.untilLook();
      Output output = left.isZero() ? null : process.next(left);
      if (output != null) {
        watch.heard();
      }
      switch (output) {
        case null -> watch.look();
        case Output.Chunk(int channel, byte[] bytes) when channel == 1 -> {
          chunk = bytes;
          at = 0;
          return true;
        }
        case Output.Chunk(_, byte[] bytes) -> errors = tail(errors, bytes);
        case Output.End _ -> {}
        case Output.Exit exit -> status = exit.status();
      }
    }
    return false;
  }

  private static byte[] tail(byte[] old, byte[] more) {
    byte[] all = Arrays.copyOf(old, old.length + more.length);
    System.arraycopy(more, 0, all, old.length, more.length);
    return all.length <= ERROR_TAIL
        ? all
        : Arrays.copyOfRange(all, all.length - ERROR_TAIL, all.length);
  }

  @Override
  public void close() {
    give();
    process.close();
  }

  /** Sees to it that the output comes to an end. */
  interface Watch {
    /** What to raise for a record that is too large; the process is to be ended. */
    DaytonaException tooLarge();

    /** How long to wait for output before the next look; zero when it is due. */
    Duration untilLook();

    /**
     * Looks at the process.
     *
     * @throws DaytonaException when it has been given up and ended
     */
    void look() throws InterruptedException;

    /** Some output came. */
    void heard();
  }
}
