package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.io.ByteArrayOutputStream;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logs by WebSocket (toolbox protocol §1.4, §3.5). */
@Timeout(120)
@Tag("slow")
class SessionSocketTest {
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static SessionClient session() throws Exception {
    return SessionClient.create(server, UUID.randomUUID().toString());
  }

  /** Everything up to the end, which must be an orderly one; every frame is checked. */
  private static byte[] readAll(ToolboxSocket socket, boolean marked) throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      Event event = socket.next();
      if (event instanceof Event.Closed closed) {
        assertEquals(1000, closed.code());
        return all.toByteArray();
      }
      byte[] frame = assertInstanceOf(Event.Binary.class, event).bytes();
      assertTrue(frame.length > 0 && frame.length <= 1024, "frame of " + frame.length);
      if (marked) {
        assertTrue(
            (frame[0] == 1 || frame[0] == 2) && frame[1] == frame[0] && frame[2] == frame[0]);
      }
      assertIsUtf8(frame);
      all.writeBytes(frame);
    }
  }

  private static void assertIsUtf8(byte[] frame) throws CharacterCodingException {
    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(frame));
  }

  private static String demultiplex(byte[] log, int channel) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    int current = 0;
    String all = new String(log, StandardCharsets.ISO_8859_1);
    for (int at = 0; at < all.length(); ) {
      if (all.startsWith("\1\1\1", at) || all.startsWith("\2\2\2", at)) {
        current = all.charAt(at);
        at += 3;
      } else {
        if (current == channel) {
          text.write(all.charAt(at));
        }
        at++;
      }
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({"0.205.1, true", "0.150.0, true", "0.26.0, false", "'', true"})
  void followsToTheEnd(String version, boolean marked) throws Exception {
    SessionClient session = session();
    String id = session.start("echo one; read x; echo err >&2; printf two", true);
    String[] headers =
        version.isEmpty() ? new String[0] : new String[] {"X-Daytona-SDK-Version", version};
    try (ToolboxSocket socket = server.socket(session.path(id) + "/logs?follow=true", headers)) {
      assertEquals("", socket.subprotocol());
      Event.Binary first = assertInstanceOf(Event.Binary.class, socket.next());
      assertEquals(
          (marked ? "\1\1\1" : "") + "one\n", new String(first.bytes(), StandardCharsets.UTF_8));
      session.input(id, "go");
      byte[] rest = readAll(socket, marked);
      if (marked) {
        assertEquals("two\n", demultiplex(rest, 1));
        assertEquals("err\n", demultiplex(rest, 2));
      } else {
        assertEquals(8, rest.length);
      }
      assertEquals(0, session.command(id).get("exitCode").intValue());
    }
  }

  @Test
  void withoutFollowOnlyWhatIsThere() throws Exception {
    SessionClient session = session();
    String id = session.start("echo there; read x", true);
    while (session.logs(id).get("stdout").textValue().isEmpty()) {
      Thread.onSpinWait();
    }
    try (ToolboxSocket socket = server.socket(session.path(id) + "/logs", SessionClient.CURRENT)) {
      assertEquals("there\n", demultiplex(readAll(socket, true), 1));
    }
    session.input(id, "go");
  }

  @Test
  void longLinesAreCutBetweenCharacters() throws Exception {
    SessionClient session = session();
    String id =
        session.start(
            "i=0; while [ $i -lt 3000 ]; do printf 'añ€😀'; i=$((i+1)); done; echo; echo e >&2");
    try (ToolboxSocket socket =
        server.socket(session.path(id) + "/logs?follow=true", SessionClient.CURRENT)) {
      byte[] all = readAll(socket, true);
      assertEquals("añ€😀".repeat(3_000) + "\n", demultiplex(all, 1));
      assertEquals("e\n", demultiplex(all, 2));
    }
  }

  @Test
  void oneOfferedTokenIsAnswered() throws Exception {
    SessionClient session = session();
    String id = session.start("echo x");
    String path = session.path(id) + "/logs?follow=true";
    try (ToolboxSocket socket =
        server.socket(path, List.of("other", "X-Daytona-SDK-Version~0.26.0"))) {
      assertEquals("X-Daytona-SDK-Version~0.26.0", socket.subprotocol());
      assertEquals("x\n", new String(readAll(socket, false), StandardCharsets.UTF_8));
    }
    try (ToolboxSocket socket = server.socket(path, List.of("first", "second"))) {
      assertEquals("first", socket.subprotocol());
      readAll(socket, true);
    }
  }

  @Test
  void unknownIdsAreRefusedBeforeTheUpgrade() throws Exception {
    SessionClient session = session();
    for (String path :
        List.of("/process/session/none/command/c/logs", session.path("none") + "/logs")) {
      CompletionException refused =
          assertThrows(CompletionException.class, () -> server.socket(path + "?follow=true"));
      WebSocketHandshakeException cause =
          assertInstanceOf(WebSocketHandshakeException.class, refused.getCause());
      assertEquals(404, cause.getResponse().statusCode());
    }
  }

  @Test
  void deletingTheSessionEndsItsFollowersInOrder() throws Exception {
    SessionClient session = session();
    String id = session.start("echo line; printf part; sleep 300");
    try (ToolboxSocket socket =
        server.socket(session.path(id) + "/logs?follow=true", SessionClient.CURRENT)) {
      assertInstanceOf(Event.Binary.class, socket.next());
      assertEquals(204, session.delete().statusCode());
      assertEquals("part\n", demultiplex(readAll(socket, true), 1));
    }
  }

  @Test
  void threeReadersOfManyLinesLoseNone() throws Exception {
    SessionClient session = session();
    String id =
        session.start(
            "for s in 0 1 2; do seq $((s * 10000 + 1)) $((s * 10000 + 10000)); read -t 1 x; done",
            true);
    StringBuilder expected = new StringBuilder();
    for (int i = 1; i <= 30_000; i++) {
      expected.append(i).append('\n');
    }
    List<Callable<String>> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      readers.add(() -> {
        try (ToolboxSocket socket =
            server.socket(session.path(id) + "/logs?follow=true", SessionClient.CURRENT)) {
          return demultiplex(readAll(socket, true), 1);
        }
      });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> text : threads.invokeAll(readers)) {
        assertEquals(expected.toString(), text.get());
      }
    }
  }

  @Test
  void aReaderThatVanishesIsLetGo() throws Exception {
    SessionClient session = session();
    String id = session.start("echo x; sleep 300");
    ToolboxSocket socket =
        server.socket(session.path(id) + "/logs?follow=true", SessionClient.CURRENT);
    assertInstanceOf(Event.Binary.class, socket.next());
    socket.vanish();
    // A reader that was still there would keep the deletion waiting for a second.
    long start = System.nanoTime();
    assertEquals(204, session.delete().statusCode());
    assertTrue(System.nanoTime() - start < 900_000_000L);
  }

  @Test
  void theEntrypointStaysOpen() throws Exception {
    try (ToolboxSocket socket =
        server.socket("/process/session/entrypoint/logs?follow=true", SessionClient.CURRENT)) {
      socket.ping();
      assertInstanceOf(Event.Pong.class, socket.next());
      socket.close(1000, "");
      assertEquals(1000, socket.closed().code());
    }
    try (ToolboxSocket socket = server.socket("/process/session/entrypoint/logs")) {
      assertEquals(0, readAll(socket, true).length);
    }
  }
}
