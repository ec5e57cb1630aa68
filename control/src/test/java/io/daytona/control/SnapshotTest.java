package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.PreparedImage.Offer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SnapshotTest {

  @Test
  void becomesActiveOnceTheImageIsPrepared() {
    FakeRunner runner = new FakeRunner();
    try (TestPlatform platform = TestPlatform.start(runner, ControlConfig.defaults())) {
      TestPlatform.Reply waiting = platform.get("/snapshots/daytona-small");
      assertEquals("pending", waiting.text("state"));
      assertTrue(waiting.body().get("size").isNull());
      assertEquals(
          "Snapshot daytona-small is pending", platform.post("/sandbox", "{}").text("message"));

      runner.beforeImport =
          layer -> {
            runner.beforeImport = again -> {};
            throw DaytonaException.of(ErrorKind.INTERNAL, "the jailer was restarted");
          };
      runner.prepared.add(new PreparedImage("other", "layer0000000009", 1, Instant.MAX));
      runner.prepared.add(new PreparedImage("default", "layer0000000001", 1, Instant.MIN));
      runner.prepared.add(
          new PreparedImage("default", "layer0000000002", 1_250_000_000L, Instant.EPOCH));
      platform.await(
          "active", () -> platform.get("/snapshots/daytona-small").text("state").equals("active"));
      JsonNode ready = platform.get("/snapshots/daytona-small").body();
      assertEquals(1.25, ready.get("size").asDouble());
      assertEquals("layer0000000002", ready.get("ref").asText());
      assertTrue(ready.get("errorReason").isNull());
      assertEquals(200, platform.post("/sandbox", "{}").status());

      runner.layers.clear();
      runner.prepared.clear();
      platform.restart();
      assertEquals("pending", platform.get("/snapshots/daytona-small").text("state"));
    }
  }

  private static final Offer OFFER = new Offer("root", 2, 3, 4);
  private static final PreparedImage IMPORTED =
      new PreparedImage("alpine", "layer0000000007", 5_000_000, Instant.EPOCH, OFFER);

  private static void awaitActive(TestPlatform platform) {
    platform.await(
        "active", () -> platform.get("/snapshots/alpine").text("state").equals("active"));
  }

  @Test
  void anImportedImageIsASnapshotUntilItIsWithdrawn() {
    try (TestPlatform platform = TestPlatform.start()) {
      FakeRunner runner = platform.runner;
      runner.prepared.add(IMPORTED);
      awaitActive(platform);
      platform.restart();
      TestPlatform.Reply snapshot = platform.get("/snapshots/alpine");
      assertEquals("active", snapshot.text("state"));
      assertTrue(snapshot.body().get("general").asBoolean());
      String id = platform.create("{\"snapshot\": \"alpine\"}");
      JsonNode sandbox = platform.get("/sandbox/" + id).body();
      assertEquals("root", sandbox.get("user").asText());
      assertEquals(2, sandbox.get("cpu").asInt());
      assertEquals(3, sandbox.get("memory").asInt());
      assertEquals(4, sandbox.get("disk").asInt());

      platform.post("/sandbox/" + id + "/stop");
      platform.awaitState(id, "stopped");
      runner.prepared.remove(IMPORTED);
      platform.await(
          "removing", () -> platform.get("/snapshots/alpine").text("state").equals("removing"));
      assertTrue(platform.get("/snapshots/alpine").text("errorReason").contains("still exist"));
      assertEquals(
          "Snapshot alpine is removing",
          platform.post("/sandbox", "{\"snapshot\": \"alpine\"}").text("message"));
      platform.restart();
      assertEquals(200, platform.post("/sandbox/" + id + "/start").status());
      assertTrue(runner.layers.contains(IMPORTED.layer()), "a stopped sandbox needs it");

      platform.delete("/sandbox/" + id);
      platform.await("gone", () -> platform.get("/snapshots/alpine").status() == 404);
      assertFalse(runner.layers.contains(IMPORTED.layer()));
      assertEquals("active", platform.get("/snapshots/daytona-small").text("state"));
    }
  }

  @Test
  void anImportedImageThatIsRefusedWaitsForItsOperator() {
    try (TestPlatform platform = TestPlatform.start()) {
      FakeRunner runner = platform.runner;
      AtomicInteger attempts = new AtomicInteger();
      runner.beforeImport =
          layer -> {
            throw attempts.incrementAndGet() == 1
                ? DaytonaException.unavailable("the pool is nearly full", Duration.ofSeconds(1))
                : DaytonaException.of(ErrorKind.INTERNAL, "unpacking failed");
          };
      runner.prepared.add(IMPORTED);
      platform.await(
          "error", () -> platform.get("/snapshots/alpine").text("state").equals("error"));
      assertEquals("unpacking failed", platform.get("/snapshots/alpine").text("errorReason"));
      runner.prepared.remove(IMPORTED);
      platform.await("gone", () -> platform.get("/snapshots/alpine").status() == 404);
      assertEquals(2, attempts.get(), "once more for the full pool, not for the broken archive");
    }
  }

  @Test
  void listsTheThreeSizesWithEveryRequiredKey() {
    try (TestPlatform platform = TestPlatform.start()) {
      TestPlatform.Reply page = platform.get("/snapshots?sort=name&order=asc&limit=2");
      assertEquals(3, page.body().get("total").asInt());
      assertEquals(2, page.body().get("totalPages").asInt());
      assertEquals("daytona-large", page.body().get("items").get(0).get("name").asText());
      JsonNode medium = platform.get("/snapshots/daytona-medium").body();
      for (String key :
          List.of(
              "id",
              "general",
              "name",
              "state",
              "size",
              "entrypoint",
              "cpu",
              "gpu",
              "mem",
              "disk",
              "errorReason",
              "createdAt",
              "updatedAt",
              "lastUsedAt",
              "sourceSandboxId")) {
        assertTrue(medium.has(key), key);
      }
      assertEquals(2, medium.get("cpu").asInt());
      assertEquals(4, medium.get("mem").asInt());
      assertEquals(8, medium.get("disk").asInt());
      String id = medium.get("id").asText();
      assertEquals("daytona-medium", platform.get("/snapshots/" + id).text("name"));
      assertEquals(
          "daytona-medium",
          platform
              .get("/sandbox/" + platform.create("{\"snapshot\": \"" + id + "\"}"))
              .text("snapshot"));
      platform.control().sandboxes().flushActivity();
      assertTrue(platform.get("/snapshots/" + id).body().get("lastUsedAt").isTextual());
      assertEquals(
          "daytona-medium",
          platform.get("/snapshots").body().get("items").get(0).get("name").asText());
      assertEquals(1, platform.get("/snapshots?name=LARGE").body().get("total").asInt());
      assertEquals(404, platform.get("/snapshots/none").status());
      assertEquals(404, platform.get("/snapshots/00000000-0000-0000-0000-000000000000").status());
      assertEquals(400, platform.get("/snapshots?sort=size").status());
      assertEquals(400, platform.get("/snapshots?limit=0").status());
    }
  }
}
