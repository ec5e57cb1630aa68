package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the sandbox's kernel refuses, and a sandbox that goes away (toolbox protocol §11). */
@Timeout(60)
class RefusalsTest {
  @ParameterizedTest
  @CsvSource({
    "GET, /files/download?path=/etc/shadow, /etc/shadow",
    "GET, /files?path=/root, /root",
    "GET, /files/info?path=/root/x, /root/x",
    "DELETE, /files?path=/etc/passwd, /etc/passwd",
    "POST, /files/folder?path=/root/x, /root/x",
    "POST, /files/upload?path=/etc/x, /etc/x",
    "POST, /files/upload-v2?path=/etc/x, /etc/x",
  })
  void permissionsAreTheUsers(String method, String route, String path) throws Exception {
    try (ToolboxServer server = ToolboxServer.start(RealAgent.start(), "nobody", "/")) {
      var request = server.request(route, "Content-Type", "application/octet-stream");
      HttpResponse<byte[]> reply =
          server.send(request.method(method, BodyPublishers.ofString("content")));
      assertError(reply, 403, "FILE_ACCESS_DENIED", "permission denied: " + path);
    }
  }

  @Test
  void aFullDiskIsSaidAndLeavesNothing() throws Exception {
    try (ToolboxServer server =
        ToolboxServer.start(RealAgent.startWithSmallDisk(), "root", RealAgent.SMALL_DISK)) {
      HttpResponse<byte[]> reply =
          server.send(
              server
                  .request("/files/upload-v2?path=big", "Content-Type", "application/octet-stream")
                  .POST(BodyPublishers.ofByteArray(new byte[8 << 20])));
      assertError(reply, 400, "BAD_REQUEST", "bad request: big: no space left on device");
      assertEquals(0, ok(server.get("/files")).size());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /files",
    "GET, /files/info?path=x",
    "GET, /files/download?path=x",
    "DELETE, /files?path=x",
    "POST, /files/folder?path=x",
    "POST, /files/upload-v2?path=x",
    "POST, /process/execute",
    "POST, /process/code-run",
  })
  void aSandboxThatWentAwayIs502(String method, String route) throws Exception {
    try (ToolboxServer server = ToolboxServer.start()) {
      server.agent().kill();
      String body =
          route.startsWith("/process")
              ? "{\"command\":\"true\",\"code\":\"1\",\"language\":\"python\"}"
              : "";
      HttpResponse<byte[]> reply =
          server.send(
              server
                  .request(route, "Content-Type", "application/json")
                  .method(method, BodyPublishers.ofString(body)));
      assertError(reply, 502, "BAD_GATEWAY", "The sandbox went away");
      assertEquals("1", reply.headers().firstValue("Retry-After").orElse(""));
      assertEquals("DAYTONA_PROXY", json(reply).get("source").textValue());
    }
  }

  @Test
  void aSandboxThatGoesAwayWhileACommandRunsIs502() throws Exception {
    try (ToolboxServer server = ToolboxServer.start()) {
      String kill = "{\"command\":\"kill -9 $PPID; sleep 5\"}";
      assertError(
          server.post("/process/execute", kill), 502, "BAD_GATEWAY", "The sandbox went away");
      assertTrue(!server.client().isOpen());
    }
  }
}
