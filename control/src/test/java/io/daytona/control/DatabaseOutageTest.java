package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.control.persistence.TestPostgres;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.SandboxSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** PostgreSQL is killed under a living control plane. */
@Tag("slow")
class DatabaseOutageTest {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private TestPostgres postgres;
  private TestPlatform platform;

  @BeforeEach
  void start() {
    postgres = TestPostgres.own();
    platform = TestPlatform.start(FakeRunner.withImage(), ControlConfig.defaults(), postgres);
  }

  @AfterEach
  void stop() {
    platform.close();
    threads.close();
    postgres.close();
  }

  @Test
  void finishesACreationThatWasInProgress() throws InterruptedException, IOException {
    FakeRunner.HeldStarts held = platform.runner.holdStarts();
    CompletableFuture<TestPlatform.Reply> creation =
        CompletableFuture.supplyAsync(
            () -> platform.post("/sandbox", "{\"name\": \"survivor\"}"), threads);
    held.begun().await();
    platform.await("the row", () -> platform.count("SELECT count(*) FROM sandbox") == 1);
    // A later durable commit puts everything before it on disk, as it would on a busy platform.
    platform.execute("INSERT INTO region (id, name, created_at) VALUES ('x', 'x', now())");
    postgres.kill();
    held.release().countDown();
    postgres.restart();
    TestPlatform.Reply reply = creation.join();
    assertEquals(200, reply.status(), reply.toString());
    assertEquals("started", reply.text("state"));
    assertEquals("started", platform.get("/sandbox/survivor").text("state"));
  }

  @Test
  void tellsWhatTheHostSaidWhenItStaysAwayForLong() throws InterruptedException, IOException {
    FakeRunner.HeldStarts held = platform.runner.holdStarts();
    Consumer<SandboxSpec> hold = platform.runner.beforeStart;
    platform.runner.beforeStart =
        spec -> {
          hold.accept(spec);
          if (spec.env().containsKey("REFUSED")) {
            throw DaytonaException.unavailable("no slot left", Duration.ofSeconds(2));
          }
        };
    CompletableFuture<TestPlatform.Reply> started =
        CompletableFuture.supplyAsync(
            () -> platform.post("/sandbox", "{\"name\": \"started\"}"), threads);
    CompletableFuture<TestPlatform.Reply> refused =
        CompletableFuture.supplyAsync(
            () ->
                platform.post("/sandbox", "{\"name\": \"refused\", \"env\": {\"REFUSED\": \"1\"}}"),
            threads);
    platform.await("the rows", () -> platform.count("SELECT count(*) FROM sandbox") == 2);
    platform.execute("INSERT INTO region (id, name, created_at) VALUES ('x', 'x', now())");
    postgres.kill();
    held.release().countDown();
    TestPlatform.Reply creating = started.join();
    TestPlatform.Reply unavailable = refused.join();
    postgres.restart();
    assertEquals(200, creating.status(), creating.toString());
    assertEquals("creating", creating.text("state"));
    assertEquals(503, unavailable.status(), unavailable.toString());
    assertEquals("no slot left", unavailable.text("message"));
    platform.await(
        "its end", () -> platform.get("/sandbox/started").text("state").equals("started"));
    platform.await("the refused one's end", () -> platform.get("/sandbox/refused").status() == 404);
    assertEquals(Set.of(creating.text("id")), platform.runner.running);
  }

  @Test
  void answersUnavailableWhileItIsAwayAndLeavesNothing() throws InterruptedException, IOException {
    String kept = platform.create("{}");
    postgres.kill();
    TestPlatform.Reply reply = platform.post("/sandbox", "{\"name\": \"unlucky\"}");
    assertEquals(503, reply.status(), reply.toString());
    assertTrue(Integer.parseInt(reply.header("retry-after")) > 0);
    platform.databaseDiskFull = true;
    TestPlatform.Reply full = platform.get("/sandbox/" + kept);
    assertEquals(503, full.status());
    assertTrue(full.text("message").startsWith("The database's disk is full: "), full.toString());
    postgres.restart();
    assertEquals("started", platform.get("/sandbox/" + kept).text("state"));
    platform.await("nothing else", () -> platform.runner.running.equals(Set.of(kept)));
    assertEquals(404, platform.get("/sandbox/unlucky").status());
    platform.create("{\"name\": \"unlucky\"}");
  }
}
