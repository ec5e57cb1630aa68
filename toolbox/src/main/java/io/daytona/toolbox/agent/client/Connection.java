package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to an agent: a thread that reads and hands frames to streams, and a thread that
 * writes. Whatever the protocol does not allow closes it and fails every stream as lost.
 */
final class Connection implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);

  /** Credit of a stream in bytes while few are open. */
  static final long WINDOW = 1 << 20;

  /** Bytes the kernel may hold for the agent; it takes as much of this as the system allows. */
  private static final int SEND_BUFFER = 1 << 20;

  private static final long MIN_WINDOW = 65_536;
  private static final long ALL_WINDOWS = 64 << 20;
  private static final int MAX_STREAMS = 1_024;
  private static final int LATE_FRAMES = 512;

  private final SocketChannel channel;
  private final String name;
  private final FrameWriter writer;
  private final Map<Integer, AgentStream> streams = new ConcurrentHashMap<>();
  private final CompletableFuture<Fields> hello = new CompletableFuture<>();
  private final AtomicReference<@Nullable AgentException> lost = new AtomicReference<>();

  /** Bytes that may still come for streams which are gone; what is beyond is a violation. */
  private final AtomicLong late = new AtomicLong();

  private int lastStream;

  private Connection(SocketChannel channel, Path socket) {
    this.channel = channel;
    this.name = String.valueOf(socket.getFileName());
    this.writer = new FrameWriter(channel);
  }

  /**
   * Connects and sends the greeting.
   *
   * @throws AgentException lost, when nobody answers in time
   */
  static Connection open(Path socket, Duration timeout) {
    SocketChannel channel;
    try {
      channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    } catch (IOException e) {
      throw lostBecause("a socket could not be made: " + e.getMessage());
    }
    Connection connection = new Connection(channel, socket);
    Thread.ofVirtual().name("agent-read").start(() -> connection.read(socket));
    try {
      connection.hello.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return connection;
    } catch (ExecutionException e) {
      connection.close();
      throw connection.lostNow();
    } catch (TimeoutException e) {
      connection.fail("it did not answer within " + timeout.toMillis() + " ms");
      throw connection.lostNow();
    } catch (InterruptedException e) {
      connection.fail("the wait was interrupted");
      Thread.currentThread().interrupt();
      throw new AgentException(Errno.EINTR, "interrupted", "the wait was interrupted");
    }
  }

  /** The agent's greeting. */
  Fields greeting() {
    return hello.join();
  }

  boolean isOpen() {
    return lost.get() == null;
  }

  /** Opens a stream whose request's answer is its end. */
  AgentStream call(FieldsBuilder request) {
    return request(request, 0, true);
  }

  /** Opens a stream that goes on after the reply. */
  AgentStream open(FieldsBuilder request) {
    long share = ALL_WINDOWS / (streams.size() + 1L);
    long window = Math.clamp(share, MIN_WINDOW, WINDOW);
    return request(request.number(Tag.WINDOW, window), window, false);
  }

  /** Sends a frame; does nothing on a lost connection, whose streams have failed already. */
  void send(int type, int channelNumber, int stream, byte[] payload, int offset, int length) {
    writer.put(type, channelNumber, stream, payload, offset, length);
  }

  /** Forgets a stream that has not ended; the agent may still send what it had credit for. */
  void abandon(AgentStream stream, long outstanding) {
    late.addAndGet(outstanding + LATE_FRAMES);
    if (streams.remove(stream.id(), stream)) {
      writer.put(Protocol.CLOSE, 0, stream.id(), new byte[0], 0, 0);
    }
  }

  /** Ends everything, because the agent broke the protocol in a field's value. */
  AgentException violated(ProtocolViolation violation) {
    fail("it broke the protocol: " + violation.getMessage());
    return lostNow();
  }

  @Override
  public void close() {
    fail("it was closed");
  }

  private AgentStream request(FieldsBuilder request, long window, boolean endsWithReply) {
    byte[] payload = request.bytes();
    AgentStream stream;
    synchronized (streams) {
      AgentException failure = lost.get();
      if (failure != null) {
        throw lostNow();
      }
      if (streams.size() >= MAX_STREAMS) {
        throw new AgentException(
            Errno.EAGAIN, "busy", "the sandbox has " + MAX_STREAMS + " requests in flight");
      }
      do {
        lastStream++;
      } while (lastStream == 0 || streams.containsKey(lastStream));
      stream = new AgentStream(this, lastStream, window, endsWithReply);
      streams.put(lastStream, stream);
    }
    writer.put(Protocol.REQUEST, 0, stream.id(), payload, 0, payload.length);
    return stream;
  }

  private void read(Path socket) {
    try {
      channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
      channel.connect(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual().name("agent-write").start(this::write);
      byte[] greeting =
          new FieldsBuilder()
              .number(Tag.VERSION_MIN, Protocol.OLDEST)
              .number(Tag.VERSION_MAX, Protocol.NEWEST)
              .bytes();
      writer.put(Protocol.HELLO, 0, 0, greeting, 0, greeting.length);
      FrameReader frames = new FrameReader(channel);
      while (true) {
        dispatch(frames.next());
      }
    } catch (ProtocolViolation e) {
      fail("it broke the protocol: " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      fail(String.valueOf(e.getMessage()));
    }
  }

  private void write() {
    try {
      writer.run();
    } catch (IOException e) {
      fail(String.valueOf(e.getMessage()));
    }
  }

  private void dispatch(FrameReader.Frame frame) throws ProtocolViolation {
    if (!hello.isDone()) {
      greet(frame);
      return;
    }
    if (frame.stream() == 0) {
      onConnectionFrame(frame);
      return;
    }
    AgentStream stream = streams.get(frame.stream());
    if (stream == null) {
      long size = frame.payload().length;
      boolean credited = frame.type() == Protocol.DATA && size > 0;
      if (late.addAndGet(credited ? -size : -size - Protocol.HEADER) < 0) {
        throw new ProtocolViolation("it sent frames of streams that are not open");
      }
      return;
    }
    boolean ended = deliver(stream, frame);
    if (ended && streams.remove(frame.stream(), stream)) {
      late.addAndGet(LATE_FRAMES);
    }
  }

  private boolean deliver(AgentStream stream, FrameReader.Frame frame) throws ProtocolViolation {
    byte[] payload = frame.payload();
    switch (frame.type()) {
      case Protocol.REPLY -> {
        return stream.onReply(Fields.parse(payload, 0, payload.length));
      }
      case Protocol.DATA -> stream.onData(frame.channel(), payload);
      case Protocol.EOF -> stream.onEof(frame.channel());
      case Protocol.CREDIT -> stream.onCredit(credit(payload));
      case Protocol.EXIT -> {
        Fields fields = Fields.parse(payload, 0, payload.length);
        stream.onExit((int) fields.number(Tag.STATUS, 0, -64, 255));
        return true;
      }
      case Protocol.ERROR -> {
        stream.onError(refusal(Fields.parse(payload, 0, payload.length)));
        return true;
      }
      default -> throw new ProtocolViolation("a frame of type " + frame.type());
    }
    return false;
  }

  private void onConnectionFrame(FrameReader.Frame frame) throws ProtocolViolation {
    switch (frame.type()) {
      case Protocol.PING -> {
        if (frame.payload().length > Protocol.MAX_PING
            || !writer.offer(Protocol.PONG, 0, 0, frame.payload())) {
          throw new ProtocolViolation("too much ping");
        }
      }
      case Protocol.ERROR -> {
        byte[] payload = frame.payload();
        AgentException refusal = refusal(Fields.parse(payload, 0, payload.length));
        throw new ProtocolViolation("it ended the connection: " + refusal.getMessage());
      }
      default -> throw new ProtocolViolation("a frame of type " + frame.type() + " on stream 0");
    }
  }

  private void greet(FrameReader.Frame frame) throws ProtocolViolation {
    Fields fields = Fields.parse(frame.payload(), 0, frame.payload().length);
    if (frame.type() == Protocol.ERROR) {
      throw new ProtocolViolation("it refused the greeting: " + refusal(fields).getMessage());
    }
    if (frame.type() != Protocol.HELLO || frame.stream() != 0) {
      throw new ProtocolViolation("the first frame is not a greeting");
    }
    fields.number(Tag.VERSION, 0, Protocol.OLDEST, Protocol.NEWEST);
    hello.complete(fields);
  }

  private static AgentException refusal(Fields fields) throws ProtocolViolation {
    int errno = (int) fields.number(Tag.ERRNO, 0, 0, 4095);
    String code = Untrusted.shown(fields.text(Tag.CODE), 64);
    String message = Untrusted.shown(fields.text(Tag.MESSAGE), 1_024);
    return new AgentException(errno, code.equals(AgentException.LOST) ? "error" : code, message);
  }

  private static long credit(byte[] payload) throws ProtocolViolation {
    if (payload.length != Integer.BYTES) {
      throw new ProtocolViolation("a credit of " + payload.length + " bytes");
    }
    return Integer.toUnsignedLong(ByteBuffer.wrap(payload).getInt());
  }

  private void fail(String reason) {
    AgentException failure = lostBecause(reason);
    synchronized (streams) {
      if (!lost.compareAndSet(null, failure)) {
        return;
      }
    }
    log.debug("agent connection {} ended: {}", name, reason);
    writer.close();
    try {
      channel.close();
    } catch (IOException e) {
      log.debug("close of agent connection {}: {}", name, e.getMessage());
    }
    hello.completeExceptionally(failure);
    for (AgentStream stream : streams.values()) {
      stream.onError(failure);
    }
    streams.clear();
  }

  private AgentException lostNow() {
    AgentException failure = lost.get();
    return failure == null
        ? lostBecause("it was closed")
        : new AgentException(0, AgentException.LOST, String.valueOf(failure.getMessage()));
  }

  private static AgentException lostBecause(String reason) {
    return new AgentException(
        0, AgentException.LOST, "the connection to the sandbox's agent was lost: " + reason);
  }
}
