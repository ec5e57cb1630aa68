package io.daytona.toolbox.process;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What replies of one-shot execution say beyond the reference schema (docs/toolbox.md). */
@Timeout(120)
@Tag("slow")
class AdditionsTest {
  private static final String[] SPLIT = {"X-Daytona-Split-Output", "true"};
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @Test
  void streamsAreToldApartWhenAskedFor() throws Exception {
    JsonNode reply =
        ok(execute("echo out; sleep 0.05; echo err >&2; sleep 0.05; echo again; exit 3", SPLIT));
    assertEquals(3, reply.get("exitCode").intValue());
    assertEquals("out\nerr\nagain\n", reply.get("result").textValue());
    assertEquals("out\nagain\n", reply.get("stdout").textValue());
    assertEquals("err\n", reply.get("stderr").textValue());
    assertEquals(0, reply.get("artifacts").get("charts").size());
  }

  @Test
  void eachStreamIsBoundedByItself() throws Exception {
    JsonNode reply = ok(execute("yes | head -c 4000000; echo end >&2", SPLIT));
    assertEquals("end\n", reply.get("stderr").textValue());
    for (String key : new String[] {"result", "stdout"}) {
      String text = reply.get(key).textValue();
      assertTrue(text.length() <= ToolboxServer.OUTPUT_LIMIT + 100, key);
      assertTrue(text.contains(" bytes of output left out ..."), key);
    }
  }

  @Test
  void codeIsSplitToo() throws Exception {
    String code = "import sys\nprint('o')\nprint('e', file=sys.stderr)\nsys.exit(4)";
    JsonNode reply = ok(codeRun(code, Map.of(), SPLIT));
    assertEquals(4, reply.get("exitCode").intValue());
    assertEquals("o\n", reply.get("stdout").textValue());
    assertEquals("e\n", reply.get("stderr").textValue());
    assertFalse(reply.has("artifacts"), "no charts, no key");
  }

  @Test
  void whatCannotStartIsAComplaint() throws Exception {
    JsonNode reply =
        ok(codeRun("print(1)", Map.of("envs", Map.of("PATH", "/no/such/place")), SPLIT));
    assertEquals("", reply.get("stdout").textValue());
    assertEquals(
        "python3: command not found; install python3 in the sandbox's image\n",
        reply.get("stderr").textValue());
  }

  @ParameterizedTest
  @CsvSource({"9, SIGKILL", "15, SIGTERM", "11, SIGSEGV", "1, SIGHUP", "31, SIGSYS", "40, SIG40"})
  void aSignalHasItsName(int number, String name) throws Exception {
    JsonNode reply = ok(execute("kill -" + number + " $$"));
    assertEquals(-1, reply.get("exitCode").intValue());
    assertEquals(name, reply.get("signal").textValue());
    assertFalse(reply.has("reason"), "nobody counts what the memory limit ends here");
  }

  @Test
  void aTimeoutKeepsTheOutput() throws Exception {
    String body =
        Json.mapper()
            .writeValueAsString(Map.of("command", "echo on; echo e >&2; sleep 600", "timeout", 1));
    HttpResponse<byte[]> merged = server.post("/process/execute", body);
    assertError(merged, 408, "PROCESS_EXECUTION_TIMEOUT", "request timeout");
    assertEquals("on\ne\n", json(merged).get("result").textValue());
    assertFalse(json(merged).has("stdout"));
    HttpResponse<byte[]> split = server.post("/process/execute", body, SPLIT);
    assertError(split, 408, "PROCESS_EXECUTION_TIMEOUT", "request timeout");
    assertEquals("on\n", json(split).get("stdout").textValue());
    assertEquals("e\n", json(split).get("stderr").textValue());
    HttpResponse<byte[]> code = codeRun("print('on')\nwhile True: pass", Map.of("timeout", 1));
    assertError(code, 408, "PROCESS_EXECUTION_TIMEOUT", "request timeout");
    assertEquals("on\n", json(code).get("result").textValue());
  }

  @ParameterizedTest
  @CsvSource({
    "sdk-go, X-Daytona-SDK-Version, v0.187.0, false",
    "sdk-go, X-Daytona-SDK-Version, v0.188.0, true",
    "sdk-python, X-Daytona-SDK-Version, 0.100.0, true",
    "cli, X-Daytona-CLI-Version, v0.150.0, false",
    "cli, X-Daytona-CLI-Version, v0.205.0, true",
  })
  void clientsThatRefuseUnknownKeysGetNone(
      String source, String header, String version, boolean added) throws Exception {
    String[] headers = {"X-Daytona-Source", source, header, version};
    JsonNode reply = ok(execute("kill -9 $$", headers));
    assertEquals(added, reply.has("signal"), reply::toString);
    String body = "{\"command\":\"echo on; sleep 600\",\"timeout\":1}";
    HttpResponse<byte[]> timeout = server.post("/process/execute", body, headers);
    assertEquals(408, timeout.statusCode());
    assertEquals(added, json(timeout).has("result"));
  }

  private static HttpResponse<byte[]> execute(String command, String... headers) throws Exception {
    return server.post(
        "/process/execute", Json.mapper().writeValueAsString(Map.of("command", command)), headers);
  }

  private static HttpResponse<byte[]> codeRun(String code, Map<String, ?> more, String... headers)
      throws Exception {
    Map<String, Object> body = new java.util.HashMap<>(more);
    body.put("code", code);
    body.put("language", "python");
    return server.post("/process/code-run", Json.mapper().writeValueAsString(body), headers);
  }
}
