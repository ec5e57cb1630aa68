package io.daytona.runner.jailer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.ExitCause;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JailerClientTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration IMPATIENCE = Duration.ofMillis(30);

  @TempDir Path directory;

  private Path socket() {
    return directory.resolve("s");
  }

  @Test
  void usesOneConnectionForOneVerbAfterTheOther() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(socket(), (connection, request) -> "ok\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      client.slotMake(1);
      client.kill("s1");
      client.diskDrop("s1");
      assertEquals(1, peer.connections());
      assertEquals(List.of("slot-make 1", "kill s1", "disk-drop s1"), peer.requests());
    }
  }

  @Test
  void asksAgainOnANewConnectionWhenTheJailerWasKilled() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(
                socket(), (connection, request) -> connection < 3 ? null : "ok pid=5 start=6\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      JailerClient.Started started = client.start(start());
      assertEquals(new JailerClient.Started(5, 6), started);
      assertEquals(3, peer.requests().size());
      assertEquals(
          "start s1 4 s1 - 01234567,89abcdef fedcba98 1000 1024 4096 3 default",
          peer.requests().get(0));
    }
  }

  private static JailerClient.Start start() {
    return new JailerClient.Start(
        "s1",
        4,
        "s1",
        "-",
        List.of("01234567", "89abcdef"),
        "fedcba98",
        1000,
        1024,
        4096,
        3,
        "default");
  }

  @Test
  void waitsForAJailerThatIsNotThereYet() throws Exception {
    AtomicInteger answered = new AtomicInteger();
    try (JailerClient client = new JailerClient(socket(), PATIENCE)) {
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                client.slotDrop(9);
                answered.incrementAndGet();
              });
      try (ScriptedPeer peer = new ScriptedPeer(socket(), (connection, request) -> "ok\n")) {
        caller.join();
        assertEquals(1, answered.get());
        assertEquals(List.of("slot-drop 9"), peer.requests());
      }
    }
  }

  @Test
  void failsWith503WhenTheJailerStaysAway() {
    try (JailerClient client = new JailerClient(socket(), IMPATIENCE)) {
      DaytonaException e = assertThrows(DaytonaException.class, client::hello);
      assertEquals(503, e.kind().status());
      assertTrue(e.retryAfter().isPresent());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense\n",
        "ok protocol=1\n",
        "ok protocol=x version=1 slots=1 data=1 pool_total=1\n",
        "ok protocol=1 version=1 slots=9999 data=1 pool_total=1\n",
        "half a line without its end"
      })
  void neverTrustsAMalformedAnswer(String answer) throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(
                socket(), (connection, request) -> answer.endsWith("\n") ? answer : null);
        JailerClient client = new JailerClient(socket(), IMPATIENCE)) {
      DaytonaException e = assertThrows(DaytonaException.class, client::hello);
      assertEquals(503, e.kind().status());
      assertTrue(peer.connections() > 1, "a connection with a malformed answer is not used again");
    }
  }

  @Test
  void givesUpOnALineWithoutEnd() throws Exception {
    String endless = "x".repeat(100_000);
    try (ScriptedPeer peer = new ScriptedPeer(socket(), (connection, request) -> endless);
        JailerClient client = new JailerClient(socket(), IMPATIENCE)) {
      assertThrows(DaytonaException.class, client::hello);
      assertTrue(peer.connections() > 0);
    }
  }

  @Test
  void keepsTheConnectionAfterARefusal() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(
                socket(),
                (connection, request) ->
                    request.startsWith("disk") ? "error busy it is mounted\n" : "ok\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      JailerException e = assertThrows(JailerException.class, () -> client.diskGrow("d1", 9));
      assertEquals(JailerCode.BUSY, e.code());
      client.slotMake(3);
      assertEquals(1, peer.connections());
    }
  }

  @Test
  void takesAnAbsentDiskForDropped() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(socket(), (connection, request) -> "error absent no such disk\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      client.diskDrop("d1");
      assertEquals(1, peer.requests().size());
    }
  }

  @Test
  void takesARepeatedCopyThatExistsForDone() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(
                socket(),
                (connection, request) -> connection == 1 ? null : "error exists it is there\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      client.diskClone("a1", "b1");
      assertEquals(2, peer.requests().size());
      assertThrows(JailerException.class, () -> client.diskClone("a1", "b1"));
    }
  }

  @Test
  void readsAListOfManyLines() throws Exception {
    String list = "slot 1 10.0.0.1\nslot 2 10.0.0.2\ndisk d1 3 164\nlayer 01234567\nok\n";
    try (ScriptedPeer peer = new ScriptedPeer(socket(), (connection, request) -> list);
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      assertEquals(List.of(1, 2), client.list().slots());
      assertEquals(List.of("01234567"), client.list().layers());
      assertEquals(1, peer.connections());
    }
  }

  @Test
  void refusesRequestsLongerThanTheProtocolAllows() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(socket(), (connection, request) -> "ok\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      JailerException e = assertThrows(JailerException.class, () -> client.kill("s".repeat(2000)));
      assertEquals(JailerCode.USAGE, e.code());
      assertEquals(List.of(), peer.requests());
    }
  }

  @Test
  void followsEventsAcrossARestartOfTheJailer() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    String[] streams = {
      "beat\nexited s1 status=9 oom_kills=0 pool_full=0\nnot an event\n",
      "beat\nexited s2 status=-1 oom_kills=4 pool_full=0\n"
    };
    try (ScriptedPeer peer =
            new ScriptedPeer(
                socket(), (connection, request) -> streams[Math.min(connection, 2) - 1]);
        JailerClient client = new JailerClient(socket(), PATIENCE);
        JailerEvents _ = client.events(into(heard))) {
      assertEquals("subscribed", heard.poll(20, TimeUnit.SECONDS));
      assertEquals("s1 ENDED", heard.poll(20, TimeUnit.SECONDS));
      assertEquals("subscribed", heard.poll(20, TimeUnit.SECONDS));
      assertEquals("s2 OUT_OF_MEMORY", heard.poll(20, TimeUnit.SECONDS));
      assertEquals(List.of("events", "events"), peer.requests());
    }
  }

  private static JailerEvents.Listener into(BlockingQueue<String> heard) {
    return new JailerEvents.Listener() {
      @Override
      public void subscribed() {
        heard.add("subscribed");
      }

      @Override
      public void exited(String sandbox, ExitCause cause) {
        heard.add(sandbox + " " + cause);
      }
    };
  }

  @Test
  void importsALayerByItsBytes() throws Exception {
    Path tar = directory.resolve("l.tar");
    Files.writeString(tar, "the first line of a tar\n");
    try (ScriptedPeer peer =
            new ScriptedPeer(
                socket(), (connection, request) -> request.startsWith("layer") ? "" : "ok\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      client.layerImport("0123456789abcdef", tar);
      assertEquals(
          List.of("layer-import 0123456789abcdef 24", "the first line of a tar"), peer.requests());
    }
  }

  @Test
  void takesALayerThatExistsForImported() throws Exception {
    Path tar = directory.resolve("l.tar");
    Files.writeString(tar, "bytes\n");
    try (ScriptedPeer peer =
            new ScriptedPeer(socket(), (connection, request) -> "error exists it is there\n");
        JailerClient client = new JailerClient(socket(), PATIENCE)) {
      client.layerImport("0123456789abcdef", tar);
      assertEquals("layer-import 0123456789abcdef 6", peer.requests().get(0));
    }
  }
}
