package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.PreparedImage;
import java.time.Instant;
import java.util.List;
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
