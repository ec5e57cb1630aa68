package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CreateValidationTest {
  private static final String RESOURCES = "Cannot specify Sandbox resources when using a snapshot";
  private static final String NAME = "name must not contain HTML tags, URLs, or control characters";
  private TestPlatform platform;

  @BeforeAll
  void start() {
    platform = TestPlatform.start();
    platform.execute(
        """
        INSERT INTO snapshot (id, organization_id, region_id, sandbox_class, name, general, image,
          layers, cpu, memory_gib, disk_gib, state, created_at, updated_at)
        SELECT gen_random_uuid(), organization_id, region_id, v.class, v.name, true, 'other',
          layers, 1, 1, 1, v.state, now(), now()
        FROM snapshot, (VALUES ('linux-vm', 'vm', 'active'), ('container', 'later', 'pending'))
          AS v (class, name, state)
        WHERE snapshot.name = 'daytona-small'
        """);
    platform.execute("INSERT INTO region (id, name, created_at) VALUES ('eu', 'Europe', now())");
  }

  @AfterAll
  void stop() {
    platform.close();
  }

  static Stream<Arguments> refused() {
    String build = "\"buildInfo\": {\"dockerfileContent\": \"FROM debian\"}";
    return Stream.of(
        Arguments.of("{\"name\": \"<b>x</b>\"}", 400, NAME),
        Arguments.of("{\"name\": \"see http://example.com\"}", 400, NAME),
        Arguments.of("{\"name\": \"www.example.com\"}", 400, NAME),
        Arguments.of("{\"name\": \"a\\u0000b\"}", 400, NAME),
        Arguments.of("{\"name\": \"a\\nb\"}", 400, NAME),
        Arguments.of("{\"name\": \"" + "x".repeat(256) + "\"}", 400, "name must have 1 to 255"),
        Arguments.of("{\"name\": \"  \"}", 400, "name must have 1 to 255"),
        Arguments.of("{\"name\": 5}", 400, "name must be a string"),
        Arguments.of("{\"labels\": [\"a\"]}", 400, "labels must be an object"),
        Arguments.of("{\"labels\": {\"a\": 1}}", 400, "labels.a must be a string"),
        Arguments.of("{\"labels\": {\"a\": null}}", 400, "labels must be an object whose values"),
        Arguments.of("{\"labels\": {\"\": \"x\"}}", 400, "labels must have names"),
        Arguments.of("{\"labels\": {\"a\": \"\\u0000\"}}", 400, "labels must have names"),
        Arguments.of("{\"env\": \"A=b\"}", 400, "env must be an object"),
        Arguments.of("{\"env\": {\"A\": {\"b\": \"c\"}}}", 400, "env.A must be a string"),
        Arguments.of("{\"env\": {\"A=B\": \"c\"}}", 400, "env must have names"),
        Arguments.of(
            "{\"env\": {\"A\": \"" + "x".repeat(131_072) + "\"}}",
            400,
            "env must not be larger than 128 KiB"),
        Arguments.of("{\"user\": \"a b\"}", 400, "user must be a name"),
        Arguments.of("{\"public\": \"yes\"}", 400, "public must be a boolean value"),
        Arguments.of("{\"autoStopInterval\": 1.5}", 400, "autoStopInterval must be an integer"),
        Arguments.of(
            "{\"snapshot\": \"x\", " + build + "}",
            400,
            "Cannot specify a snapshot when using a build info entry"),
        Arguments.of("{" + build + "}", 400, "Declarative builds are not available"),
        Arguments.of("{" + build + ", \"gpu\": 1}", 400, "GPU sandboxes must be ephemeral"),
        Arguments.of(
            "{"
                + build
                + ", \"gpu\": 1, \"gpuType\": [\"H100\", \"H200\"],"
                + " \"autoDeleteInterval\": 0}",
            400,
            "No available runners with GPU type: H100, H200."),
        Arguments.of("{\"cpu\": 2}", 400, RESOURCES),
        Arguments.of("{\"memory\": 4}", 400, RESOURCES),
        Arguments.of("{\"disk\": 4}", 400, RESOURCES),
        Arguments.of("{\"gpu\": 1}", 400, RESOURCES),
        Arguments.of("{\"gpuType\": [\"H100\"]}", 400, RESOURCES),
        Arguments.of(
            "{\"snapshot\": \"nope\"}",
            400,
            "Snapshot nope not found. Did you add it through the Daytona Dashboard?"),
        Arguments.of("{\"snapshot\": \"a\\u0000\"}", 400, "U+0000"),
        Arguments.of("{\"snapshot\": \"later\"}", 400, "Snapshot later is pending"),
        Arguments.of("{\"snapshot\": \"vm\"}", 400, "No available runners: this host"),
        Arguments.of("{\"snapshot\": \"windows\"}", 400, "not windows"),
        Arguments.of("{\"snapshot\": \"android-14\"}", 400, "not android"),
        Arguments.of("{\"snapshot\": \"daytona-gpu\"}", 400, "not gpu"),
        Arguments.of("{\"sandboxClass\": \"linux-vm\"}", 400, "not linux-vm"),
        Arguments.of("{\"target\": \"mars\"}", 404, "Region not found"),
        Arguments.of(
            "{\"target\": \"eu\"}", 400, "Snapshot daytona-small is not available in region eu"),
        Arguments.of("{\"autoStopInterval\": -1}", 400, "Auto-stop interval must be non-negative"),
        Arguments.of("{\"autoArchiveInterval\": -1}", 400, "Auto-archive interval must be"),
        Arguments.of("{\"networkBlockAll\": true}", 400, "networkBlockAll is not available"),
        Arguments.of("{\"networkAllowList\": \"10.0.0.0/8\"}", 400, "networkAllowList is not"),
        Arguments.of(
            "{\"volumes\": [{\"volumeId\": \"v\", \"mountPath\": \"/m\"}]}",
            400,
            "volumes is not available"),
        Arguments.of("{\"linkedSandbox\": \"x\"}", 400, "linkedSandbox is not available"),
        Arguments.of("{\"ttlMinutes\": 5}", 400, "ttlMinutes is not available"),
        Arguments.of("{\"secrets\": [{\"A\": \"b\"}]}", 400, "secrets is not available"),
        Arguments.of("[]", 400, "request body must be an object"),
        Arguments.of("{", 400, "Invalid JSON in request body"));
  }

  @ParameterizedTest
  @MethodSource
  void refused(String body, int status, String sentence) {
    TestPlatform.Reply reply = platform.post("/sandbox", body);
    assertEquals(status, reply.status(), reply.toString());
    assertTrue(reply.text("message").contains(sentence), reply.text("message"));
    assertEquals(0, platform.count("SELECT count(*) FROM sandbox"));
    assertEquals(0, platform.count("SELECT count(*) FROM outbox"));
    assertTrue(platform.runner.calls.isEmpty());
  }

  @Test
  void errorsHaveTheDocumentedShape() {
    TestPlatform.Reply reply = platform.get("/sandbox/unknown?x=1");
    assertEquals(404, reply.status());
    assertEquals("/api/sandbox/unknown?x=1", reply.text("path"));
    assertEquals(404, reply.body().get("statusCode").asInt());
    assertEquals("Not Found", reply.text("error"));
    assertEquals("DAYTONA_API", reply.text("source"));
    assertTrue(reply.text("timestamp").endsWith("Z"));
    TestPlatform.Reply unrouted = platform.post("/sandbox/x/archive");
    assertEquals(404, unrouted.status());
    assertEquals("Cannot POST /api/sandbox/x/archive", unrouted.text("message"));
  }
}
