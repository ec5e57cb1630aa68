package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.ToolboxServer;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
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

/** Input, and following logs by requests (toolbox protocol §1.8, §3.5, §3.6). */
@Timeout(120)
@Tag("slow")
class SessionLogsTest {
  /** 10,000 lines at once in each of three seconds. */
  private static final String MANY =
      "for s in 0 1 2; do seq $((s * 10000 + 1)) $((s * 10000 + 10000)); read -t 1 x; done";

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

  private static InputStream follow(SessionClient session, String command, String... headers)
      throws Exception {
    HttpResponse<InputStream> reply =
        HttpClient.newHttpClient()
            .send(
                server.request(session.path(command) + "/logs?follow=true", headers).build(),
                BodyHandlers.ofInputStream());
    assertEquals(200, reply.statusCode());
    assertEquals(
        "application/octet-stream", reply.headers().firstValue("Content-Type").orElseThrow());
    return reply.body();
  }

  private static BufferedReader lines(InputStream in) {
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"false, 'in 1\nin two\ngot two\n'", "true, 'in 1\ngot two\n'"})
  void inputIsRepeatedUnlessItShallNot(boolean quiet, String expected) throws Exception {
    SessionClient session = session();
    String id = session.start("echo 'in 1'; read x; echo \"got ${x#in }\"", quiet);
    try (BufferedReader lines = lines(follow(session, id))) {
      assertEquals("in 1", lines.readLine());
      assertEquals(204, session.input(id, quiet ? "two" : "in two").statusCode());
      assertEquals(expected.lines().skip(1).toList(), lines.lines().toList());
    }
    JsonNode logs = session.logs(id);
    assertEquals(expected, logs.get("stdout").textValue());
    assertEquals("", logs.get("stderr").textValue());
  }

  @Test
  void inputWaitsForAQueuedCommand() throws Exception {
    SessionClient session = session();
    String first = session.start("read x", true);
    String queued = session.start("read y; echo \"$y\"", true);
    assertEquals(204, session.input(queued, "early\n").statusCode());
    session.input(first, "go");
    assertEquals(0, session.await(queued));
    assertEquals("early\n", session.logs(queued).get("stdout").textValue());
  }

  @Test
  void aFollowerSeesLinesAsTheyCome() throws Exception {
    SessionClient session = session();
    String id = session.start("for i in 1 2 3; do read x; echo \"out $i\"; done", true);
    try (BufferedReader lines = lines(follow(session, id, SessionClient.CURRENT))) {
      for (int i = 1; i <= 3; i++) {
        session.input(id, "go");
        assertEquals("\1\1\1out " + i, lines.readLine());
      }
      assertEquals(-1, lines.read());
    }
  }

  @Test
  void threeReadersOfManyLinesLoseNone() throws Exception {
    SessionClient session = session();
    String id = session.start(MANY, true);
    List<Callable<Long>> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      readers.add(() -> {
        try (BufferedReader lines = lines(follow(session, id))) {
          long expected = 1;
          for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            assertEquals(Long.toString(expected++), line);
          }
          return expected - 1;
        }
      });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Long> count : threads.invokeAll(readers)) {
        assertEquals(30_000, count.get());
      }
    }
  }

  @Test
  void whatDidNotFitIsSaid() throws Exception {
    SessionClient session = session();
    String id =
        session.start("head -c 80000000 /dev/zero | tr '\\0' x | fold -w 99; echo; echo end");
    assertEquals(0, session.await(id));
    HttpResponse<byte[]> logs = server.get(session.path(id) + "/logs");
    long lost = Long.parseLong(logs.headers().firstValue(LogReplies.LOST).orElseThrow());
    String text = new String(logs.body(), StandardCharsets.UTF_8);
    assertTrue(lost > 10_000_000, "lost " + lost);
    assertTrue(text.startsWith("[... " + lost + " bytes of output left out ...]\n"));
    assertTrue(text.endsWith("\nend\n"));
    assertEquals(80_808_085 - lost, text.length() - text.indexOf('\n') - 1);
  }

  @Test
  void aSlowReaderNeverSlowsTheProgram() throws Exception {
    SessionClient session = session();
    String id = session.start("seq 1 2000000; echo done >&2");
    try (InputStream slow = follow(session, id)) {
      assertEquals('1', slow.read());
      assertEquals(0, session.await(id));
      byte[] rest = slow.readAllBytes();
      assertTrue(new String(rest, StandardCharsets.UTF_8).endsWith("2000000\ndone\n"));
      assertEquals(14_888_896 + 5 - 1, rest.length);
    }
  }
}
