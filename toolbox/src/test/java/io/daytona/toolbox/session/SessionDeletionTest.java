package io.daytona.toolbox.session;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Deleting sessions (toolbox protocol §3.7). */
@Timeout(60)
@Tag("slow")
class SessionDeletionTest {
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

  private static long pid(SessionClient session, String file) throws Exception {
    session.run("while [ ! -s " + file + " ]; do sleep 0.01; done");
    return Long.parseLong(Files.readString(server.work().resolve(file)).strip());
  }

  private static Duration delete(SessionClient session) throws Exception {
    long start = System.nanoTime();
    HttpResponse<byte[]> reply = session.delete();
    assertEquals(204, reply.statusCode());
    assertEquals(0, reply.body().length);
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void anIdleSessionIsGoneAtOnce() throws Exception {
    SessionClient session = session();
    session.run("echo x > f; cat f");
    Duration took = delete(session);
    assertTrue(took.toMillis() < 1_000, took::toString);
    assertEquals(404, session.delete().statusCode());
    assertEquals(404, server.get(session.path()).statusCode());
    assertTrue(
        server.client().processes().stream()
            .noneMatch(process -> process.label().contains(session.id())));
    SessionClient again = SessionClient.create(server, session.id());
    assertEquals("new\n", again.run("echo new").get("stdout").textValue());
  }

  @Test
  void aGrandchildThatIgnoresTermIsKilled() throws Exception {
    SessionClient session = session();
    session.start(
        "sh -c 'trap \"\" TERM; sh -c \"echo \\$\\$ > stubborn; while :; do sleep 9; done\"'");
    long stubborn = pid(session(), "stubborn");
    Duration took = delete(session);
    assertTrue(took.compareTo(Duration.ofSeconds(4)) > 0, took::toString);
    assertTrue(took.compareTo(Duration.ofSeconds(9)) < 0, took::toString);
    assertFalse(isAlive(stubborn));
  }

  private static boolean isAlive(long pid) throws Exception {
    Path stat = Path.of("/proc/" + pid + "/stat");
    return Files.exists(stat) && !Files.readString(stat).contains(") Z ");
  }

  /** A session of its own, no environment, and parents that are gone. */
  private static String daemon(String file, String script) {
    return "(setsid env -i /bin/sh -c '%s echo $$ > %s; while :; do sleep 0.1; done'"
            .formatted(script, server.work().resolve(file))
        + " > /dev/null 2>&1 < /dev/null &)";
  }

  @Test
  void daemonsAreToldAndKilled() throws Exception {
    SessionClient bystander = session();
    bystander.run(daemon("bystander", ""));
    SessionClient session = session();
    session.run(
        daemon("polite", "trap \"echo done > " + server.work() + "/told; exit\" TERM;")
            + "; "
            + daemon("deaf", "trap \"\" TERM;"));
    long polite = pid(session, "polite");
    long deaf = pid(session, "deaf");
    delete(session);
    assertEquals("done\n", Files.readString(server.work().resolve("told")));
    assertFalse(isAlive(polite));
    assertFalse(isAlive(deaf));
    long other = pid(bystander, "bystander");
    assertTrue(isAlive(other));
    Duration took = delete(bystander);
    assertTrue(took.compareTo(Duration.ofSeconds(4)) < 0, took::toString);
    assertFalse(isAlive(other));
  }

  @Test
  void daemonsOfASessionThatHasEndedAreKilled() throws Exception {
    SessionClient session = session();
    session.run(daemon("orphan", "trap \"\" TERM;"));
    long orphan = pid(session, "orphan");
    assertEquals(3, session.await(session.start("exit 3")));
    assertTrue(isAlive(orphan));
    delete(session);
    assertFalse(isAlive(orphan));
  }

  @Test
  void whatTakesItsTimeToEndHasIt() throws Exception {
    SessionClient session = session();
    session.start(
        "sh -c 'trap \"sleep 0.5; echo done > graceful; exit\" TERM; echo $$ > term;"
            + " while :; do sleep 0.05; done'");
    pid(session(), "term");
    Duration took = delete(session);
    assertEquals("done\n", Files.readString(server.work().resolve("graceful")));
    assertTrue(took.compareTo(Duration.ofSeconds(4)) < 0, took::toString);
  }

  @Test
  void aWaitingClientIsTold() throws Exception {
    SessionClient session = session();
    session.start("sleep 300");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<HttpResponse<byte[]>> waiting =
          threads.submit(() -> session.exec(Map.of("command", "echo x"), SessionClient.CURRENT));
      while (session.get().get("commands").size() < 2) {
        Thread.onSpinWait();
      }
      delete(session);
      assertError(
          waiting.get(),
          410,
          "SESSION_ENDED",
          "failed to execute command: bad request: session cancelled");
    }
  }

  @Test
  void filesOfASessionGoWithIt() throws Exception {
    SessionClient session = session();
    session.run("echo " + "x".repeat(9_000));
    Path files =
        Path.of(System.getProperty("user.home"), ".daytona/sessions").resolve(session.id());
    assertTrue(Files.isDirectory(files));
    delete(session);
    assertFalse(Files.exists(files));
  }
}
