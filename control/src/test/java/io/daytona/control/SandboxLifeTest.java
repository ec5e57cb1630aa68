package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.ExitCause;
import io.daytona.wire.runner.SandboxSpec;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class SandboxLifeTest {
  private TestPlatform platform;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
  }

  @AfterEach
  void stop() {
    platform.close();
    threads.close();
  }

  @Test
  void createsStopsStartsAndDeletes() {
    TestPlatform.Reply created =
        platform.post(
            "/sandbox",
            """
            {"name": "first", "labels": {"team": "a"}, "env": {"K": "v"}, "envVars": {"x": "y"}}
            """);
    assertEquals(200, created.status());
    assertEquals("started", created.text("state"));
    assertEquals("started", created.text("desiredState"));
    assertEquals("daytona-small", created.text("snapshot"));
    assertEquals(1, created.body().get("cpu").asInt());
    assertEquals(1, created.body().get("memory").asInt());
    assertEquals(3, created.body().get("disk").asInt());
    assertEquals("1.2.3", created.text("daemonVersion"));
    assertEquals("http://127.0.0.1:4000/toolbox", created.text("toolboxProxyUrl"));
    assertTrue(created.header("server-timing").contains("commit;dur="));
    String id = created.text("id");
    SandboxSpec spec = Objects.requireNonNull(platform.runner.disks.get(id));
    assertEquals("v", spec.env().get("K"));
    assertEquals(List.of(FakeRunner.LAYER), spec.layers());

    String token = platform.get("/sandbox/first/ports/8080/preview-url").text("token");
    assertEquals(200, platform.post("/sandbox/first/stop").status());
    platform.awaitState(id, "stopped");
    TestPlatform.Reply started = platform.post("/sandbox/" + id + "/start");
    assertEquals("started", started.text("state"));
    assertNotEquals(token, platform.get("/sandbox/first/ports/8080/preview-url").text("token"));
    assertEquals("started", platform.post("/sandbox/" + id + "/start").text("state"));

    TestPlatform.Reply deleted = platform.delete("/sandbox/first");
    assertEquals(200, deleted.status());
    assertEquals("destroying", deleted.text("state"));
    platform.awaitState(id, "destroyed");
    assertEquals(404, platform.get("/sandbox/" + id).status());
    assertEquals(404, platform.delete("/sandbox/" + id).status());
    assertEquals(
        "new>creating creating>started started>stopping stopping>stopped stopped>starting"
            + " starting>started started>destroying destroying>destroyed",
        platform.journal(id));
    assertEquals(8, platform.count("SELECT count(*) FROM outbox WHERE subject = '" + id + "'"));
    assertTrue(
        platform.passed.containsAll(
            List.of(
                "sandbox.new-creating", "sandbox.creating-started", "sandbox.started-stopping")));
    assertFalse(platform.runner.disks.containsKey(id));
  }

  @Test
  void freesTheNameAtOnceWhenDeleted() {
    String first = platform.create("{\"name\": \"again\"}");
    platform.delete("/sandbox/again");
    String second = platform.create("{\"name\": \"again\"}");
    assertNotEquals(first, second);
    assertEquals(second, platform.get("/sandbox/again").text("id"));
  }

  @Test
  void killsProgramsWhenStoppedByForce() {
    String id = platform.create("{}");
    platform.post("/sandbox/" + id + "/stop?force=true");
    platform.awaitState(id, "stopped");
    assertTrue(platform.runner.calls.contains("kill " + id));
  }

  @Test
  void deletesEphemeralSandboxesInsteadOfStoppingThem() {
    String id = platform.create("{\"autoDeleteInterval\": 0}");
    assertEquals("destroying", platform.post("/sandbox/" + id + "/stop").text("state"));
    platform.awaitState(id, "destroyed");
  }

  @Test
  void refusesOperationsInTheWrongStateWithTheReferencesSentences() {
    String id = platform.create("{}");
    platform.post("/sandbox/" + id + "/stop");
    platform.awaitState(id, "stopped");
    TestPlatform.Reply stop = platform.post("/sandbox/" + id + "/stop");
    assertEquals(400, stop.status());
    assertEquals("Sandbox is not in a stoppable state", stop.text("message"));
  }

  @Test
  void keepsAFailedSandboxInErrorAndSaysWhy() {
    platform.runner.beforeStart =
        spec -> {
          throw DaytonaException.of(ErrorKind.INTERNAL, "the agent did not answer");
        };
    TestPlatform.Reply failed = platform.post("/sandbox", "{\"name\": \"broken\"}");
    assertEquals(400, failed.status());
    assertEquals("Sandbox failed to start: the agent did not answer", failed.text("message"));
    TestPlatform.Reply shown = platform.get("/sandbox/broken");
    assertEquals("error", shown.text("state"));
    assertEquals("the agent did not answer", shown.text("errorReason"));
    assertEquals(
        "Sandbox is in an errored state", platform.post("/sandbox/broken/start").text("message"));
    assertEquals(
        "Sandbox is in an errored state", platform.post("/sandbox/broken/stop").text("message"));
    assertEquals(200, platform.delete("/sandbox/broken").status());
  }

  @Test
  void leavesNothingWhenTheHostHasNoRoom() {
    platform.runner.beforeStart =
        spec -> {
          throw DaytonaException.unavailable("no slot is free", Duration.ofSeconds(7));
        };
    for (String body : List.of("{}", "{\"name\": \"mine\"}")) {
      TestPlatform.Reply refused = platform.post("/sandbox", body);
      assertEquals(503, refused.status());
      assertEquals("7", refused.header("retry-after"));
    }
    assertEquals(0, platform.get("/sandbox/paginated").body().get("total").asInt());
    assertEquals(0, platform.count("SELECT count(*) FROM sandbox WHERE state <> 'destroyed'"));
    platform.runner.beforeStart = spec -> {};
    platform.create("{\"name\": \"mine\"}");
  }

  @Test
  void leavesNothingWhenTheHostCannotTakeSuchASandbox() {
    platform.runner.beforeStart =
        spec -> {
          throw DaytonaException.badRequest("the disk is 1 to 100 GiB");
        };
    TestPlatform.Reply refused = platform.post("/sandbox", "{}");
    assertEquals(400, refused.status());
    assertEquals("the disk is 1 to 100 GiB", refused.text("message"));
    assertEquals(0, platform.count("SELECT count(*) FROM sandbox WHERE state <> 'destroyed'"));
  }

  @Test
  void leavesAStoppedSandboxStoppedWhenTheHostHasNoRoom() {
    String id = platform.create("{}");
    platform.post("/sandbox/" + id + "/stop");
    platform.awaitState(id, "stopped");
    platform.runner.beforeStart =
        spec -> {
          throw DaytonaException.unavailable("no slot is free", Duration.ofSeconds(7));
        };
    assertEquals(503, platform.post("/sandbox/" + id + "/start").status());
    assertEquals("stopped", platform.get("/sandbox/" + id).text("state"));
  }

  @Test
  void answersBusyWhileASandboxChanges() throws InterruptedException {
    String id = platform.create("{}");
    CountDownLatch stopping = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    platform.runner.beforeStop = any -> awaitLatch(stopping, go);
    assertEquals("stopping", platform.post("/sandbox/" + id + "/stop").text("state"));
    stopping.await();
    for (String operation : List.of("/start", "/stop")) {
      TestPlatform.Reply busy = platform.post("/sandbox/" + id + operation);
      assertEquals(409, busy.status(), operation);
      assertEquals("Sandbox state change in progress", busy.text("message"));
    }
    assertEquals(409, platform.delete("/sandbox/" + id).status());
    go.countDown();
    platform.awaitState(id, "stopped");
  }

  @Test
  void cancelsACreationThatIsDeleted() throws InterruptedException {
    CountDownLatch starting = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    platform.runner.beforeStart = spec -> awaitLatch(starting, go);
    CompletableFuture<TestPlatform.Reply> creation =
        CompletableFuture.supplyAsync(
            () -> platform.post("/sandbox", "{\"name\": \"late\"}"), threads);
    starting.await();
    TestPlatform.Reply shown = platform.get("/sandbox/late");
    assertEquals("creating", shown.text("state"));
    TestPlatform.Reply deleted = platform.delete("/sandbox/late");
    assertEquals(200, deleted.status());
    assertEquals("destroying", deleted.text("state"));
    TestPlatform.Reply again = platform.delete("/sandbox/" + shown.text("id"));
    assertEquals(200, again.status());
    assertEquals("destroying", again.text("state"));
    go.countDown();
    assertEquals(409, creation.join().status());
    platform.awaitState(shown.text("id"), "destroyed");
    assertTrue(platform.runner.disks.isEmpty());
    assertTrue(platform.runner.running.isEmpty());
  }

  @Test
  void letsOneOfManyCreationsHaveTheName() {
    List<CompletableFuture<TestPlatform.Reply>> all =
        IntStream.range(0, 8)
            .mapToObj(any ->
                CompletableFuture.supplyAsync(
                    () -> platform.post("/sandbox", "{\"name\": \"same\"}"), threads))
            .toList();
    List<Integer> statuses = all.stream().map(reply -> reply.join().status()).sorted().toList();
    assertEquals(List.of(200, 409, 409, 409, 409, 409, 409, 409), statuses);
    assertEquals(1, platform.runner.disks.size());
    assertEquals(1, platform.count("SELECT count(*) FROM sandbox"));
  }

  @Test
  void recordsASandboxThatEndsByItself() {
    String id = platform.create("{}");
    platform.runner.end(id, ExitCause.OUT_OF_MEMORY);
    platform.awaitState(id, "stopped");
    assertTrue(platform.get("/sandbox/" + id).text("errorReason").contains("out of memory"));
    assertEquals("started", platform.post("/sandbox/" + id + "/start").text("state"));
    assertTrue(platform.get("/sandbox/" + id).body().path("errorReason").isMissingNode());
  }

  @Test
  void recordsThatTheHostEndedASandboxThatFilledIt() {
    String id = platform.create("{}");
    platform.runner.end(id, ExitCause.POOL_FULL);
    platform.awaitState(id, "stopped");
    String reason = platform.get("/sandbox/" + id).text("errorReason");
    assertTrue(reason.startsWith("no space left on the host: "), reason);
    assertTrue(reason.contains("start it again when there is room, or delete it"), reason);
    assertEquals("started", platform.post("/sandbox/" + id + "/start").text("state"));
    assertTrue(platform.get("/sandbox/" + id).body().path("errorReason").isMissingNode());
  }

  @Test
  void finishesADeletionWhoseHostFailedAtFirst() {
    String id = platform.create("{}");
    platform.runner.beforeDestroy =
        any -> {
          platform.runner.beforeDestroy = again -> {};
          throw DaytonaException.of(ErrorKind.INTERNAL, "the jailer was restarted");
        };
    assertEquals(200, platform.delete("/sandbox/" + id).status());
    platform.await("released", () -> platform.runner.calls.contains("destroy " + id));
    assertEquals("destroying", platform.state(id));
    platform.clock.advance(Duration.ofSeconds(10));
    platform.await(
        "destroyed",
        () -> {
          platform.control().sandboxes().finishAbandoned();
          return platform.state(id).equals("destroyed");
        });
  }

  private static void awaitLatch(CountDownLatch reached, CountDownLatch go) {
    reached.countDown();
    try {
      go.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
