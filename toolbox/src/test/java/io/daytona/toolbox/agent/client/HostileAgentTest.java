package io.daytona.toolbox.agent.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.DownloadSeries;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.UploadSeries;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a sandbox makes of its agent: the client ends the connection and fails its callers. */
@Timeout(60)
class HostileAgentTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final String BOOT = "0123456789abcdef";

  @TempDir Path directory;

  /** What a hostile agent says after an honest greeting, when it is asked for anything. */
  enum Attack {
    HUGE_FRAME(frame(3, 0, 1, new byte[0], 0x7fffffff)),
    NEGATIVE_LENGTH(frame(3, 0, 1, new byte[0], -1)),
    UNKNOWN_TYPE(frame(77, 0, 1)),
    UNKNOWN_STREAM(frame(3, 0, 4711)),
    DATA_WITHOUT_REPLY(frame(5, 1, 1, new byte[10])),
    DATA_BEYOND_CREDIT(repeat(concat(reply(), frame(5, 1, 1, new byte[200_000])), 1, 8)),
    EMPTY_DATA(concat(reply(), frame(5, 1, 1))),
    DATA_ON_STDIN(concat(reply(), frame(5, 0, 1, new byte[1]))),
    DATA_AFTER_EOF(concat(reply(), frame(6, 1, 1), frame(5, 1, 1, new byte[1]))),
    TWO_EOFS(concat(reply(), frame(6, 1, 1), frame(6, 1, 1))),
    TWO_REPLIES(concat(reply(), reply())),
    EXIT_WITHOUT_REPLY(frame(8, 0, 1, number(33, 0))),
    ABSURD_STATUS(concat(reply(), frame(8, 0, 1, number(33, Long.MIN_VALUE)))),
    ABSURD_CREDIT(concat(reply(), repeat(frame(7, 0, 1, new byte[] {-1, -1, -1, -1}), 0, 300))),
    SHORT_CREDIT(concat(reply(), frame(7, 0, 1, new byte[] {1}))),
    CUT_FIELD(frame(3, 0, 1, new byte[] {20, 0, 0, 0, 9, 1})),
    NUMBER_OF_ONE_BYTE(concat(frame(3, 0, 1, concat(text(20, "p1"), text(21, "x"))))),
    NEGATIVE_PID(frame(3, 0, 1, concat(text(20, "p1"), number(21, -1)))),
    PROCESS_WITHOUT_ID(frame(3, 0, 1, number(21, 1))),
    NUL_IN_TEXT(frame(3, 0, 1, text(20, "p\0"))),
    LONG_PING(frame(10, 0, 0, new byte[65])),
    FRAMES_OF_ENDED_STREAMS(
        concat(
            reply(), frame(8, 0, 1, number(33, 0)), repeat(frame(5, 1, 1, new byte[99]), 0, 99))),
    CONNECTION_ERROR(frame(4, 0, 0, text(8, "bye")));

    @SuppressWarnings("ImmutableEnumChecker") // never written to
    private final byte[] bytes;

    Attack(byte[] bytes) {
      this.bytes = bytes;
    }
  }

  @ParameterizedTest
  @EnumSource(Attack.class)
  void aViolationLosesTheConnection(Attack attack) throws Exception {
    try (ServerSocketChannel server = serve(attack.bytes);
        AgentClient client = connect(server)) {
      if (attack == Attack.FRAMES_OF_ENDED_STREAMS) {
        runToItsEnd(client); // the process had ended properly before
      } else {
        AgentException failure = assertThrows(AgentException.class, () -> runToItsEnd(client));
        assertEquals(AgentException.LOST, failure.code(), failure.getMessage());
      }
      awaitClosed(client);
      assertEquals(
          AgentException.LOST,
          assertThrows(AgentException.class, () -> client.stat("/", true)).code());
    }
  }

  @ParameterizedTest
  @EnumSource(Greeting.class)
  void aBadGreetingIsNoConnection(Greeting greeting) throws Exception {
    try (ServerSocketChannel server = listen()) {
      Thread.startVirtualThread(() -> greet(server, greeting.bytes, new byte[0]));
      AgentException failure = assertThrows(AgentException.class, () -> connect(server));
      assertEquals(AgentException.LOST, failure.code());
    }
  }

  enum Greeting {
    OTHER_VERSION(frame(1, 0, 0, concat(number(2, 3), text(4, "x"), text(5, BOOT)))),
    NO_VERSION(frame(1, 0, 0, concat(text(4, "x"), text(5, BOOT)))),
    NO_BOOT(frame(1, 0, 0, concat(number(2, 1), text(4, "x")))),
    LONG_RELEASE(frame(1, 0, 0, concat(number(2, 1), text(4, "x".repeat(65)), text(5, BOOT)))),
    REFUSAL(frame(4, 0, 0, text(8, "no"))),
    REPLY_FIRST(frame(3, 0, 1)),
    NOTHING(new byte[0]);

    @SuppressWarnings("ImmutableEnumChecker") // never written to
    private final byte[] bytes;

    Greeting(byte[] bytes) {
      this.bytes = bytes;
    }
  }

  @Test
  void anEntryOfADirectoryIsChecked() throws Exception {
    byte[] climbing = concat(text(48, "../../etc"), text(49, "f"), number(42, 0644));
    byte[] listing =
        concat(
            frame(3, 0, 1),
            frame(
                5, 1, 1, concat(ByteBuffer.allocate(4).putInt(climbing.length).array(), climbing)));
    try (ServerSocketChannel server = serve(listing);
        AgentClient client = connect(server);
        FileListing entries = client.list("/")) {
      assertEquals(AgentException.LOST, assertThrows(AgentException.class, entries::next).code());
      assertFalse(client.isOpen());
    }
  }

  /** What it says of a file that it was asked for or given, after its reply. */
  enum Head {
    LONG(frame(5, 1, 1, new byte[] {0x7f, -1, -1, -1})),
    NEGATIVE(frame(5, 1, 1, new byte[] {-1, -1, -1, -1})),
    NO_FIELDS(frame(5, 1, 1, new byte[] {0, 0, 0, 3, 1, 2, 3})),
    NEGATIVE_SIZE(head(number(46, -1))),
    ABSURD_ERRNO(head(number(6, 1L << 40))),
    CUT(concat(frame(5, 1, 1, new byte[2]), end())),
    NONE(end());

    @SuppressWarnings("ImmutableEnumChecker") // never written to
    private final byte[] bytes;

    Head(byte[] bytes) {
      this.bytes = bytes;
    }

    private static byte[] head(byte[] fields) {
      byte[] length = ByteBuffer.allocate(4).putInt(fields.length).array();
      return frame(5, 1, 1, concat(length, fields));
    }

    private static byte[] end() {
      return concat(frame(6, 1, 1), frame(8, 0, 1, number(33, 0)));
    }
  }

  @ParameterizedTest
  @EnumSource(Head.class)
  void whatIsSaidOfTheFilesOfASeriesIsChecked(Head head) throws Exception {
    try (ServerSocketChannel server = serve(concat(reply(), head.bytes));
        AgentClient client = connect(server);
        DownloadSeries files = client.readMany(List.of("/a", "/b"))) {
      assertEquals(AgentException.LOST, assertThrows(AgentException.class, files::next).code());
      assertFalse(client.isOpen());
    }
  }

  @ParameterizedTest
  @EnumSource(Head.class)
  void whatBecameOfTheFilesOfASeriesIsChecked(Head head) throws Exception {
    byte[] credit = frame(7, 0, 1, new byte[] {0, 0, 9, 0});
    try (ServerSocketChannel server = serve(concat(reply(), credit, head.bytes));
        AgentClient client = connect(server);
        UploadSeries files = client.writeMany(0644)) {
      AgentException failure =
          assertThrows(
              AgentException.class,
              () -> {
                files.write("/a", new byte[9]);
                files.result();
              });
      assertTrue(List.of(AgentException.LOST, "ended").contains(failure.code()), failure::code);
    }
  }

  @Test
  void textOfTheAgentIsFitForALog() throws Exception {
    byte[] refusal =
        frame(
            4,
            0,
            1,
            concat(number(6, 2), text(7, "open"), text(8, "a\nb\u001b[31m" + "c".repeat(5_000))));
    try (ServerSocketChannel server = serve(refusal);
        AgentClient client = connect(server)) {
      AgentException failure = assertThrows(AgentException.class, () -> client.stat("/", true));
      assertEquals(2, failure.errno());
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.startsWith("a b [31mc") && message.length() == 1_024, message);
      assertTrue(client.isOpen());
    }
  }

  @Test
  void aSilentAgentIsGivenUp() throws Exception {
    try (ServerSocketChannel server = listen()) {
      long start = System.nanoTime();
      AgentException failure =
          assertThrows(
              AgentException.class,
              () -> AgentClient.connect(directory.resolve("agent.sock"), Duration.ofMillis(200)));
      assertEquals(AgentException.LOST, failure.code());
      assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos());
      assertTrue(server.isOpen());
    }
  }

  private static void runToItsEnd(AgentClient client) throws InterruptedException {
    Spawn spawn = Spawn.merged(List.of("true"), Map.of(), "").withStdin();
    try (AgentProcess process = client.spawn(spawn)) {
      // The process is held until the attack is over, so that no credit is given back.
      awaitClosed(client);
      while (process.next(LONG) != null) {
        // what came before the violation is still delivered
      }
    }
  }

  private static void awaitClosed(AgentClient client) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (client.isOpen()) {
      assertTrue(System.nanoTime() < deadline, "the connection is still open");
      Thread.onSpinWait();
    }
  }

  private AgentClient connect(ServerSocketChannel server) {
    assertTrue(server.isOpen());
    return AgentClient.connect(directory.resolve("agent.sock"), LONG);
  }

  private ServerSocketChannel listen() throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(directory.resolve("agent.sock")));
    return server;
  }

  private ServerSocketChannel serve(byte[] attack) throws IOException {
    ServerSocketChannel server = listen();
    byte[] honest = frame(1, 0, 0, concat(number(2, 1), text(4, "1.0"), text(5, BOOT)));
    Thread.startVirtualThread(() -> greet(server, honest, attack));
    return server;
  }

  /** Answers the greeting, then attacks when the first request comes, then listens. */
  private static void greet(ServerSocketChannel server, byte[] greeting, byte[] attack) {
    try (SocketChannel peer = server.accept()) {
      ByteBuffer input = ByteBuffer.allocate(65_536);
      peer.read(input);
      peer.write(ByteBuffer.wrap(greeting));
      if (greeting.length == 0) {
        return;
      }
      peer.read(input.clear());
      ByteBuffer output = ByteBuffer.wrap(attack);
      while (output.hasRemaining()) {
        peer.write(output);
      }
      while (peer.read(input.clear()) >= 0) {
        // until the client hangs up
      }
    } catch (ClosedChannelException e) {
      assertFalse(server.isOpen());
    } catch (IOException e) {
      // The client hung up in the middle of the attack, which is what it should do.
      assertTrue(String.valueOf(e.getMessage()).matches("Broken pipe|Connection reset.*"));
    }
  }

  private static byte[] reply() {
    return frame(3, 0, 1, concat(text(20, "p1"), number(21, 7)));
  }

  private static byte[] frame(int type, int channel, int stream) {
    return frame(type, channel, stream, new byte[0]);
  }

  private static byte[] frame(int type, int channel, int stream, byte[] payload) {
    return frame(type, channel, stream, payload, payload.length);
  }

  private static byte[] frame(int type, int channel, int stream, byte[] payload, int claimed) {
    return ByteBuffer.allocate(12 + payload.length)
        .putInt(claimed)
        .put((byte) type)
        .put((byte) channel)
        .putShort((short) 0)
        .putInt(stream)
        .put(payload)
        .array();
  }

  private static byte[] number(int tag, long value) {
    return ByteBuffer.allocate(13).put((byte) tag).putInt(8).putLong(value).array();
  }

  private static byte[] text(int tag, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(5 + bytes.length)
        .put((byte) tag)
        .putInt(bytes.length)
        .put(bytes)
        .array();
  }

  /** The bytes, with what follows the first {@code head} frames' worth repeated. */
  private static byte[] repeat(byte[] bytes, int head, int times) {
    if (head == 0) {
      byte[][] all = new byte[times][];
      Arrays.fill(all, bytes);
      return concat(all);
    }
    int first = 12 + ByteBuffer.wrap(bytes).getInt();
    byte[] rest = Arrays.copyOfRange(bytes, first, bytes.length);
    return concat(Arrays.copyOf(bytes, first), repeat(rest, 0, times));
  }

  private static byte[] concat(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
