package io.daytona.toolbox;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.error.AgentErrors;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sandbox whose disk is full: what needs no room works, the rest says what to do. */
@Timeout(60)
@Tag("slow")
class FullDiskTest {
  private static final String[] NEW = {"X-Daytona-SDK-Version", "0.205.0"};

  private ToolboxServer server;

  @BeforeEach
  void start() throws Exception {
    String disk = RealAgent.SMALL_DISK;
    server = ToolboxServer.start(RealAgent.startOnSmallDisk(), "root", disk, Map.of("HOME", disk));
    run("git init -q repo && cd repo && git config user.name n && git config user.email e@x");
    run("cat /dev/zero >fill; :");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void whatNeedsNoRoomWorks() throws Exception {
    assertEquals(201, post("/process/session", Map.of("sessionId", "s")).statusCode());
    assertEquals("hi\n", exec("echo hi").get("stdout").textValue());
    assertEquals("hi\n", exec("echo hi # " + "z".repeat(9_000)).get("stdout").textValue());
    String large = exec("seq 1 100000; echo end").get("stdout").textValue();
    assertTrue(large.endsWith("\n100000\nend\n"), "the newest output is there");
    assertEquals(0, exec("seq 1 100000 | tail -1").get("exitCode").intValue());
    assertEquals(201, post("/process/pty", Map.of("id", "p")).statusCode());
    assertEquals(200, post("/process/interpreter/context", Map.of("cwd", "/tmp")).statusCode());
    String printed =
        ok(post("/process/code-run", Map.of("code", "print(1)", "language", "python")))
            .get("result")
            .textValue();
    assertEquals("1\n", printed);
  }

  @Test
  void theRestSaysWhatToDo() throws Exception {
    post("/process/session", Map.of("sessionId", "s"));
    refused(post("/git/init", Map.of("path", "other")));
    refused(
        post(
            "/git/commit",
            Map.of(
                "path",
                "repo",
                "message",
                "m",
                "author",
                "a",
                "email",
                "e@x",
                "allow_empty",
                true)));
    refused(
        post(
            "/git/config",
            Map.of("path", "repo", "key", "a.b", "value", "x".repeat(10_000), "scope", "local")));
    refused(post("/git/clone", Map.of("path", "copy", "url", RealAgent.SMALL_DISK + "/repo")));
    assertFalse(ok(server.get("/files?path=.")).toString().contains("copy"));
    exec("rm fill");
    assertEquals(201, post("/git/init", Map.of("path", "other")).statusCode());
  }

  private static void refused(HttpResponse<byte[]> reply) throws Exception {
    assertError(reply, 400, "BAD_REQUEST", "bad request: ");
    String message = Replies.json(reply).get("message").textValue();
    assertTrue(message.endsWith(AgentErrors.FREE_DISK), message);
  }

  private JsonNode exec(String command) throws Exception {
    return ok(post("/process/session/s/exec", Map.of("command", command)));
  }

  private void run(String command) throws Exception {
    ok(post("/process/execute", Map.of("command", "sh -c '" + command + "'")));
  }

  private HttpResponse<byte[]> post(String path, Map<String, ?> body) throws Exception {
    return server.post(path, Json.mapper().writeValueAsString(body), NEW);
  }
}
