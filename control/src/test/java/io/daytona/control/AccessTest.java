package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.control.apikey.ApiKeyValue;
import io.daytona.wire.access.Credentials;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class AccessTest {
  private static final String STRANGER = "dtn_" + "f".repeat(64);
  private TestPlatform platform;

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
  }

  @AfterEach
  void stop() {
    platform.close();
  }

  /** Another organization with a key. */
  private void addStranger() {
    platform.execute(
        "INSERT INTO account (id, name, system_role, created_at)"
            + " VALUES ('stranger', 'Stranger', 'user', now())");
    platform.execute(
        """
        INSERT INTO organization (id, name, created_by, personal, created_at, updated_at)
        VALUES ('00000000-0000-0000-0000-00000000000a', 'Other', 'stranger', true, now(), now())
        """);
    addKey("00000000-0000-0000-0000-00000000000a", "stranger", STRANGER, "{write:sandboxes}");
  }

  private void addKey(String organization, String account, String value, String permissions) {
    platform.execute(
        """
        INSERT INTO api_key (organization_id, account_id, name, hash, prefix, suffix, permissions,
          created_at)
        VALUES (?::uuid, ?, 'extra', ?, 'dtn', 'xxx', ?::text[], now())
        """,
        organization,
        account,
        ApiKeyValue.hash(value),
        permissions);
  }

  @Test
  void refusesWithoutAValidKey() {
    assertEquals(401, platform.send("GET", "/sandbox", null, null).status());
    TestPlatform.Reply wrong = platform.send("GET", "/sandbox", null, "dtn_wrong");
    assertEquals(401, wrong.status());
    assertEquals("Invalid credentials", wrong.text("message"));
    assertEquals(401, platform.send("POST", "/sandbox", "{", "dtn_wrong").status());
    assertEquals(200, platform.send("GET", "/config", null, null).status());
    assertEquals("ok", platform.send("GET", "/health", null, null).text("status"));
  }

  @Test
  void refusesWithoutThePermission() {
    String organization = platform.one("SELECT id FROM organization");
    addKey(organization, "daytona-admin", STRANGER, "{write:sandboxes}");
    String id = platform.create("{}");
    assertEquals(200, platform.send("GET", "/sandbox/" + id, null, STRANGER).status());
    TestPlatform.Reply denied = platform.send("DELETE", "/sandbox/" + id, null, STRANGER);
    assertEquals(403, denied.status());
    assertEquals("Access denied", denied.text("message"));
    assertEquals("started", platform.state(id));
  }

  @Test
  void hidesForeignSandboxesAndShowsGeneralSnapshots() {
    addStranger();
    String id = platform.create("{\"name\": \"mine\"}");
    for (String wanted : new String[] {id, "mine"}) {
      assertEquals(404, platform.send("GET", "/sandbox/" + wanted, null, STRANGER).status());
      assertEquals(
          404, platform.send("POST", "/sandbox/" + wanted + "/stop", "", STRANGER).status());
    }
    assertTrue(platform.send("GET", "/sandbox", null, STRANGER).body().get("items").isEmpty());
    assertEquals(3, platform.send("GET", "/snapshots", null, STRANGER).body().get("total").asInt());
    assertEquals(200, platform.send("POST", "/sandbox", "{\"name\": \"mine\"}", STRANGER).status());
  }

  @Test
  void forgetsAnExpiredKey() {
    addStranger();
    assertEquals(200, platform.send("GET", "/sandbox", null, STRANGER).status());
    platform.execute("UPDATE api_key SET expires_at = now() + interval '1 hour'");
    platform.clock.advance(Duration.ofSeconds(11));
    assertEquals(200, platform.send("GET", "/sandbox", null, STRANGER).status());
    platform.clock.advance(Duration.ofHours(1));
    assertEquals(401, platform.send("GET", "/sandbox", null, STRANGER).status());
  }

  @Test
  void showsTheCurrentKeyMasked() {
    TestPlatform.Reply key = platform.get("/api-keys/current");
    assertEquals(200, key.status());
    assertEquals("daytona-admin", key.text("name"));
    assertEquals("dtn" + "*".repeat(20) + "def", key.text("value"));
    assertEquals("daytona-admin", key.text("userId"));
    assertTrue(key.body().get("permissions").size() >= 15);
    assertTrue(key.body().has("lastUsedAt") && key.body().has("expiresAt"));
    assertEquals("0", platform.one("SELECT count(*) FROM api_key WHERE hash LIKE '%dtn%'"));
  }

  @Test
  void takesOverANewlyConfiguredAdministratorKey() {
    String id = platform.create("{}");
    platform.restart(ControlConfig.defaults().withAdminApiKey(STRANGER));
    assertEquals(200, platform.send("GET", "/sandbox/" + id, null, STRANGER).status());
    assertEquals(401, platform.get("/sandbox/" + id).status());
    assertTrue(platform.control().generatedAdminApiKey().isEmpty());
  }

  @Test
  void letsOnlyTheOwnersKeyAndTheTokenThroughTheGate() {
    addStranger();
    String id = platform.create("{\"name\": \"mine\"}");
    String token = platform.get("/sandbox/mine/ports/1/preview-url").text("token");
    SandboxGate gate = platform.control().gate();
    for (String wanted : new String[] {id, "mine"}) {
      SandboxGate.ToolboxTarget target =
          gate.authorize(wanted, new Credentials(TestPlatform.KEY, null, null));
      assertEquals(id, target.sandboxId());
    }
    assertEquals(id, gate.authorize(id, new Credentials(null, token, null)).sandboxId());
    assertEquals(id, gate.authorize(id, new Credentials("bad", null, token)).sandboxId());
    assertEquals(ErrorKind.NOT_FOUND, refused(gate, id, STRANGER, null));
    assertEquals(ErrorKind.NOT_FOUND, refused(gate, "mine", STRANGER, null));
    assertEquals(ErrorKind.NOT_FOUND, refused(gate, "unknown", TestPlatform.KEY, null));
    assertEquals(ErrorKind.UNAUTHORIZED, refused(gate, id, "dtn_bad", null));
    assertEquals(ErrorKind.UNAUTHORIZED, refused(gate, id, null, "bad"));
    assertEquals(ErrorKind.UNAUTHORIZED, refused(gate, "unknown", null, token));

    platform.post("/sandbox/mine/stop");
    platform.awaitState(id, "stopped");
    assertEquals(ErrorKind.BAD_REQUEST, refused(gate, id, TestPlatform.KEY, null));
    platform.post("/sandbox/mine/start");
    assertEquals(ErrorKind.UNAUTHORIZED, refused(gate, id, null, token));
    platform.delete("/sandbox/mine");
    platform.awaitState(id, "destroyed");
    platform.await(
        "forgotten", () -> refused(gate, id, TestPlatform.KEY, null) == ErrorKind.NOT_FOUND);
    assertFalse(platform.runner.disks.containsKey(id));
  }

  private static ErrorKind refused(
      SandboxGate gate, String sandbox, @Nullable String bearer, @Nullable String token) {
    return assertThrows(
            DaytonaException.class,
            () -> gate.authorize(sandbox, new Credentials(bearer, token, null)))
        .kind();
  }
}
