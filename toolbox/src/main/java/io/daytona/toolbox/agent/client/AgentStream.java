package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One request to the agent and what follows it. The connection's reader feeds it; one thread takes,
 * another may send. The agent can never make it hold more than its window.
 */
final class AgentStream implements AutoCloseable {
  private static final byte[] NONE = {};
  private static final long MAX_SEND_CREDIT = 1L << 40;
  private static final Duration FOREVER = Duration.ofDays(365_000);

  private final Connection connection;
  private final int id;
  private final boolean endsWithReply;
  private final long window;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final ReceiveQueue queue = new ReceiveQueue();
  private long receivable;
  private long taken;
  private long sendCredit;
  private int endedChannels;
  private @Nullable Fields reply;
  private @Nullable AgentException failure;
  private boolean ended;
  private boolean closed;

  AgentStream(Connection connection, int id, long window, boolean endsWithReply) {
    this.connection = connection;
    this.id = id;
    this.window = window;
    this.receivable = window;
    this.endsWithReply = endsWithReply;
  }

  int id() {
    return id;
  }

  /**
   * Waits for the agent to accept or refuse the request.
   *
   * @throws AgentException as refused, ETIMEDOUT after the patience, EINTR when interrupted
   */
  Fields awaitReply(Duration patience) {
    long left = patience.toNanos();
    lock.lock();
    try {
      while (reply == null && failure == null && left > 0) {
        left = readable.awaitNanos(left);
      }
      if (reply != null) {
        return reply;
      }
      if (failure != null) {
        throw failed(failure);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    } finally {
      lock.unlock();
      closeUnlessReplied();
    }
    throw timeout("the sandbox did not answer within " + patience.toSeconds() + " s");
  }

  /**
   * The next thing received; null when the timeout passed first.
   *
   * @throws AgentException when the agent reported an error or the connection broke, once
   *     everything received before has been taken
   */
  @Nullable Received next(Duration timeout) throws InterruptedException {
    long left = saturatedNanos(timeout);
    Received received;
    long grant = 0;
    lock.lockInterruptibly();
    try {
      while ((received = queue.poll()) == null) {
        if (failure != null) {
          throw failed(failure);
        }
        if (closed) {
          throw new AgentException(0, AgentException.LOST, "the stream was closed");
        }
        if (ended || left <= 0) {
          return null;
        }
        left = readable.awaitNanos(left);
      }
      if (received instanceof Received.Bytes piece) {
        grant = replenish(piece.bytes().length);
      }
    } finally {
      lock.unlock();
    }
    if (grant > 0) {
      connection.send(Protocol.CREDIT, 0, id, creditPayload(grant), 0, Integer.BYTES);
    }
    return received;
  }

  /** The same for callers that cannot be interrupted gracefully: an interrupt is EINTR. */
  @Nullable Received nextUnlessInterrupted(Duration timeout) {
    try {
      return next(timeout);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  /**
   * Sends bytes; waits for credit.
   *
   * @throws AgentException when the stream ended
   */
  void send(int channel, byte[] bytes, int offset, int length) {
    send(channel, bytes, offset, length, FOREVER);
  }

  /**
   * Sends bytes; waits for credit.
   *
   * @throws AgentException when the stream ended, ETIMEDOUT when there is no credit for that long
   */
  void send(int channel, byte[] bytes, int offset, int length, Duration patience) {
    int at = offset;
    int left = length;
    while (left > 0) {
      int size = takeSendCredit(Math.min(left, Protocol.MAX_PAYLOAD), patience);
      connection.send(Protocol.DATA, channel, id, bytes, at, size);
      at += size;
      left -= size;
    }
  }

  /**
   * Sends bytes as one frame, without waiting for credit.
   *
   * @return false when nothing was sent: there is not enough credit, or the stream has ended
   */
  boolean offer(int channel, byte[] bytes) {
    lock.lock();
    try {
      boolean open = !ended && !closed && failure == null;
      if (!open || bytes.length > Math.min(sendCredit, Protocol.MAX_PAYLOAD)) {
        return false;
      }
      sendCredit -= bytes.length;
    } finally {
      lock.unlock();
    }
    connection.send(Protocol.DATA, channel, id, bytes, 0, bytes.length);
    return true;
  }

  /** Ends a channel to the agent. */
  void sendEof(int channel) {
    lock.lock();
    try {
      if (ended || closed) {
        return;
      }
    } finally {
      lock.unlock();
    }
    connection.send(Protocol.EOF, channel, id, NONE, 0, 0);
  }

  /** Abandons the stream unless it has ended. */
  @Override
  public void close() {
    long outstanding;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      queue.clear();
      readable.signalAll();
      writable.signalAll();
      if (ended || failure != null) {
        return;
      }
      outstanding = receivable;
    } finally {
      lock.unlock();
    }
    connection.abandon(this, outstanding);
  }

  /** Whether the agent ended the stream. */
  boolean isEnded() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  // What the reader calls. Each returns true when the stream has ended.

  boolean onReply(Fields fields) throws ProtocolViolation {
    lock.lock();
    try {
      require(reply == null, "two replies");
      reply = fields;
      ended = endsWithReply;
      readable.signalAll();
      return ended;
    } finally {
      lock.unlock();
    }
  }

  void onData(int channel, byte[] bytes) throws ProtocolViolation {
    lock.lock();
    try {
      require(reply != null && !endsWithReply, "data without a reply");
      require(channel == Protocol.STDOUT || channel == Protocol.STDERR, "data on no channel");
      require((endedChannels & 1 << channel) == 0, "data after the end of its channel");
      require(bytes.length > 0, "an empty data frame");
      require(bytes.length <= receivable, "more data than it had credit for");
      receivable -= bytes.length;
      if (!closed) {
        queue.add(channel, bytes);
        readable.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  void onEof(int channel) throws ProtocolViolation {
    lock.lock();
    try {
      require(reply != null && !endsWithReply, "an end without a reply");
      require(channel == Protocol.STDOUT || channel == Protocol.STDERR, "an end of no channel");
      require((endedChannels & 1 << channel) == 0, "two ends of one channel");
      endedChannels |= 1 << channel;
      if (!closed) {
        queue.add(new Received.End(channel));
        readable.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  void onCredit(long more) throws ProtocolViolation {
    lock.lock();
    try {
      sendCredit += more;
      require(sendCredit <= MAX_SEND_CREDIT, "absurd credit");
      writable.signal();
    } finally {
      lock.unlock();
    }
  }

  void onExit(int status) throws ProtocolViolation {
    lock.lock();
    try {
      require(reply != null && !endsWithReply, "an exit without a reply");
      ended = true;
      queue.add(new Received.Exit(status));
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void onError(AgentException error) {
    lock.lock();
    try {
      ended = true;
      if (failure == null) {
        failure = error;
      }
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private long replenish(int size) {
    taken += size;
    if (ended || taken < window / 2) {
      return 0;
    }
    long grant = taken;
    receivable += grant;
    taken = 0;
    return grant;
  }

  private int takeSendCredit(int wanted, Duration patience) {
    long left = saturatedNanos(patience);
    lock.lock();
    try {
      while (sendCredit == 0 && !ended && !closed && failure == null) {
        if (left <= 0) {
          throw timeout("the sandbox took nothing for " + patience.toSeconds() + " s");
        }
        left = writable.awaitNanos(left);
      }
      if (failure != null) {
        throw failed(failure);
      }
      if (ended || closed) {
        throw new AgentException(0, "ended", "the stream has ended");
      }
      int size = (int) Math.min(wanted, sendCredit);
      sendCredit -= size;
      return size;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  private void closeUnlessReplied() {
    lock.lock();
    try {
      if (reply != null) {
        return;
      }
    } finally {
      lock.unlock();
    }
    close();
  }

  private static byte[] creditPayload(long grant) {
    return new byte[] {
      (byte) (grant >>> 24), (byte) (grant >>> 16), (byte) (grant >>> 8), (byte) grant
    };
  }

  private static long saturatedNanos(Duration timeout) {
    return timeout.compareTo(Duration.ofDays(10_000)) > 0
        ? TimeUnit.DAYS.toNanos(10_000)
        : timeout.toNanos();
  }

  /** A fresh exception, so that its stack trace is the caller's. */
  private static AgentException failed(AgentException failure) {
    return new AgentException(
        failure.errno(), failure.code(), String.valueOf(failure.getMessage()));
  }

  private static AgentException timeout(String message) {
    return new AgentException(Errno.ETIMEDOUT, "timeout", message);
  }

  private static AgentException interrupted() {
    return new AgentException(Errno.EINTR, "interrupted", "the wait was interrupted");
  }

  private static void require(boolean allowed, String what) throws ProtocolViolation {
    if (!allowed) {
      throw new ProtocolViolation("the agent sent " + what);
    }
  }
}
