package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.control.TestPlatform.Reply;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Creates that are repeated with the same {@code Idempotency-Key}. */
@Tag("slow")
class IdempotencyTest {
  private static final String BODY = "{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}";
  private static final String UNMADE = "00000000-0000-4000-8000-00000000000a";

  private TestPlatform platform;

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
  }

  @AfterEach
  void stop() {
    platform.close();
  }

  private Reply create(String key, String body) {
    return platform.send("POST", "/sandbox", body, TestPlatform.KEY, "Idempotency-Key", key);
  }

  private String id(Reply reply) {
    assertEquals(200, reply.status(), reply.toString());
    return reply.text("id");
  }

  private long rows() {
    return platform.count("SELECT count(*) FROM sandbox");
  }

  @Test
  void theSameKeyGivesTheSameSandbox() {
    String first = id(create("k", BODY));
    assertEquals(first, id(create("k", BODY)));
    assertEquals(first, id(create("k", "{ \"labels\": {\"b\":\"2\", \"a\":\"1\"} }")));
    assertEquals(1, rows());
    assertNotEquals(first, id(create("k2", BODY)));
    assertNotEquals(first, platform.create(BODY));
    assertEquals(3, rows());
  }

  @Test
  void anotherBodyIsRefused() {
    id(create("k", BODY));
    Reply other = create("k", "{\"labels\":{\"a\":\"other\"}}");
    assertEquals(422, other.status());
    assertEquals("UNPROCESSABLE_ENTITY", other.text("code"));
    assertTrue(other.text("message").contains("another body"), other.toString());
    assertEquals(1, rows());
  }

  @Test
  void keysAreBounded() {
    for (String key : List.of("", "with blank", "x".repeat(256))) {
      assertEquals(400, create(key, BODY).status(), key);
    }
    id(create("x".repeat(255), BODY));
    assertEquals(1, rows());
  }

  @Test
  void keysOfAnotherOrganizationAreOthers() {
    String first = id(create("k", BODY));
    platform.execute(
        "UPDATE idempotency_key SET organization_id = '00000000-0000-4000-8000-00000000000f'");
    assertNotEquals(first, id(create("k", BODY)));
  }

  @Test
  void everybodyWaitsForTheFirst() throws InterruptedException {
    FakeRunner.HeldStarts held = platform.runner.holdStarts();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Reply>> replies =
          IntStream.range(0, 8)
              .mapToObj(i -> CompletableFuture.supplyAsync(() -> create("k", BODY), threads))
              .toList();
      held.begun().await();
      held.release().countDown();
      List<String> ids = replies.stream().map(reply -> id(reply.join())).distinct().toList();
      assertEquals(1, ids.size(), ids.toString());
      replies.forEach(reply -> assertEquals("started", reply.join().text("state")));
    }
    assertEquals(1, rows());
    assertEquals(1, platform.runner.running.size());
  }

  @Test
  void aKeySurvivesARestart() {
    String first = id(create("k", BODY));
    platform.restart();
    assertEquals(first, id(create("k", BODY)));
  }

  @Test
  void aCreateThatWasCutOffIsFinishedUnderItsKey() {
    // As a server left it that died behind the key's row, and one that died behind the sandbox's.
    id(create("k", BODY));
    platform.execute("UPDATE idempotency_key SET sandbox_id = ?::uuid", UNMADE);
    assertEquals(UNMADE, id(create("k", BODY)));

    platform.execute("UPDATE sandbox SET state = 'creating' WHERE id = ?::uuid", UNMADE);
    platform.runner.running.remove(UNMADE);
    platform.restart();
    Reply again = create("k", BODY);
    assertEquals(UNMADE, id(again));
    assertEquals("started", again.text("state"));
    assertEquals(2, rows());
  }

  @Test
  void aRefusedCreateIsTriedAgain() {
    platform.runner.beforeStart =
        spec -> {
          throw DaytonaException.unavailable("no slot is free", Duration.ofSeconds(1));
        };
    assertEquals(503, create("k", BODY).status());
    assertEquals(503, create("k", BODY).status());
    platform.runner.beforeStart = spec -> {};
    String made = id(create("k", BODY));
    assertEquals(made, id(create("k", BODY)));
    assertEquals(1, platform.count("SELECT count(*) FROM sandbox WHERE state = 'started'"));
  }

  @Test
  void aFailedCreateFailsAgainInTheSameWords() {
    platform.runner.beforeStart =
        spec -> {
          throw new IllegalStateException("broken");
        };
    Reply first = create("k", BODY);
    assertEquals(400, first.status());
    platform.runner.beforeStart = spec -> {};
    Reply again = create("k", BODY);
    assertEquals(400, again.status());
    assertEquals(first.text("message"), again.text("message"));
    assertEquals(1, rows());
  }

  @Test
  void aRefusedBodyDoesNotBindItsKey() {
    assertEquals(400, create("k", "{\"snapshot\":\"unknown\"}").status());
    id(create("k", BODY));
  }

  @Test
  void aTakenNameIsRefusedAgain() {
    platform.create("{\"name\":\"taken\"}");
    String body = "{\"name\":\"taken\"}";
    assertEquals(409, create("k", body).status());
    assertEquals(409, create("k", body).status());
    String own = id(create("k2", "{\"name\":\"own\"}"));
    assertEquals(own, id(create("k2", "{\"name\":\"own\"}")));
  }

  @Test
  void aDeletedSandboxIsNotMadeAgain() {
    String made = id(create("k", BODY));
    platform.delete("/sandbox/" + made);
    assertEquals(410, create("k", BODY).status());
    platform.awaitState(made, "destroyed");
    Reply reply = create("k", BODY);
    assertEquals(410, reply.status());
    assertTrue(reply.text("message").contains("was deleted"), reply.toString());
  }

  @Test
  void aKeyEndsAfterADayAndIsRemoved() {
    String first = id(create("k", BODY));
    platform.clock.advance(Duration.ofHours(23));
    assertEquals(first, id(create("k", BODY)));
    platform.clock.advance(Duration.ofHours(2));
    String second = id(create("k", "{}"));
    assertNotEquals(first, second);
    platform.clock.advance(Duration.ofHours(25));
    platform.control().housekeeping();
    assertEquals(0, platform.count("SELECT count(*) FROM idempotency_key"));
  }

  @Test
  void aKeyOutlivesAClockThatJumps() {
    String first = id(create("k", BODY));
    for (Duration by : List.of(Duration.ofDays(400), Duration.ofDays(-800))) {
      platform.clock.jump(by);
      platform.control().housekeeping();
      assertEquals(first, id(create("k", BODY)));
    }
    platform.clock.advance(Duration.ofHours(25));
    platform.control().housekeeping();
    assertEquals(0, platform.count("SELECT count(*) FROM idempotency_key"));
  }
}
