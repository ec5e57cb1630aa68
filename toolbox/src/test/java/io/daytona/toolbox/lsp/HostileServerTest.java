package io.daytona.toolbox.lsp;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that do not keep to their protocol cost their own client a sentence, nobody more. */
@Timeout(120)
@Tag("slow")
class HostileServerTest {
  private static final LspLimits LIMITS =
      new LspLimits(
          Duration.ofSeconds(4),
          Duration.ofSeconds(1),
          3,
          4,
          1 << 20,
          1 << 20,
          10_000,
          2 << 20,
          4 << 20);

  /** What it does is the name of its project. */
  private static final String SERVER =
      """
      import json, os, sys, time

      def raw(data):
          sys.stdout.buffer.write(data)
          sys.stdout.buffer.flush()

      def send(message):
          data = json.dumps(dict(message, jsonrpc="2.0")).encode()
          raw(b"Content-Length: %d\\r\\n\\r\\n" % len(data) + data)

      def receive():
          length = None
          while True:
              line = sys.stdin.buffer.readline()
              if not line:
                  sys.exit(0)
              if line.strip() == b"":
                  return json.loads(sys.stdin.buffer.read(length))
              length = int(line.split(b":")[1])

      def forever():
          while True:
              time.sleep(60)

      def answer(request, result):
          send({"id": request["id"], "result": result})

      def serve(mode, request):
          if mode == "refuses":
              send({"id": request["id"], "error": {"code": -1, "message": "cannot\\nat stack"}})
          elif mode == "null":
              answer(request, None)
          elif mode == "list":
              answer(request, [{"label": "a", "documentation": "words", "data": 7}, {}, None])
          elif mode == "tree":
              at = {"start": {"line": 1, "character": 2}, "end": {"line": 3, "character": 4}}
              leaf = {"name": "leaf", "kind": 6, "range": at, "selectionRange": at}
              answer(request, [dict(leaf, name="top", kind=5, children=[leaf])])
          elif mode == "wrong":
              answer(request, {"items": 7, "isIncomplete": "x"})
          elif mode == "lying":
              raw(b"Content-Length: 99999999999\\r\\n\\r\\n{")
          elif mode == "partial":
              raw(b"Content-Length: 1000\\r\\n\\r\\n{")
          elif mode == "garbage":
              raw(b"Content-Length: 3\\r\\n\\r\\n}{]")
          elif mode == "noise":
              raw(b"Traceback, not a message\\n" * 1000)
          elif mode == "values":
              answer(request, [{}] * 200000)
          elif mode == "deep":
              raw(b"Content-Length: 60000\\r\\n\\r\\n" + b"[" * 60000)
          elif mode == "endless":
              while True:
                  raw(b"Content-Length: 60\\r\\n\\r\\n" + json.dumps({"jsonrpc": "2.0", "method": "x", "p": "y" * 17}).encode())
          elif mode == "dies":
              sys.stderr.write("out of luck\\n")
              sys.exit(3)
          elif mode == "silent":
              pass
          elif mode == "mute":
              os.close(1)
              forever()

      def start(mode, request):
          if mode == "chatty":
              raw(b"sitecustomize says hello")
              sys.stderr.write("e" * 1000000)
              asked = [
                  ("workspace/configuration", {"items": [{}, {"section": "a"}]}, [None, None]),
                  ("client/registerCapability", {"registrations": []}, None),
                  ("window/workDoneProgress/create", {"token": "t"}, None),
                  ("workspace/workspaceFolders", None, [{"uri": request["params"]["rootUri"], "name": "chatty"}]),
                  ("window/showMessageRequest", {"type": 1, "message": "?"}, None),
                  ("workspace/applyEdit", {"edit": {}}, {"applied": False}),
              ]
              for number, (method, params, expected) in enumerate(asked):
                  send({"id": "s%d" % number, "method": method, "params": params})
                  reply = receive()
                  if reply["id"] != "s%d" % number or reply.get("result") != expected:
                      sys.exit("wrong answer to %s: %s" % (method, reply))
              send({"id": "unknown", "method": "something/else"})
              if receive()["error"]["code"] != -32601:
                  sys.exit("an unknown method was not refused")
              send({"method": "window/logMessage", "params": {"type": 1, "message": "m"}})
              send({"method": "textDocument/publishDiagnostics", "params": None})
          if mode == "never":
              forever()
          if mode == "flood":
              while True:
                  send({"id": 1, "method": "workspace/configuration", "params": {"items": [{}] * 100}})
          answer(request, {"capabilities": {}})
          if mode == "deaf":
              forever()

      def cli():
          request = receive()
          mode = os.path.basename(request["params"]["rootUri"])
          start(mode, request)
          while True:
              request = receive()
              if request["method"] == "shutdown":
                  answer(request, None)
              elif request["method"] == "exit":
                  sys.exit(0)
              elif "id" in request:
                  serve(mode, request)
      """;

  private static LspBox box;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    Path home = Path.of("target/lsp-hostile").toAbsolutePath();
    Path python = home.resolve("jedi_language_server");
    Files.createDirectories(python);
    Files.writeString(python.resolve("__init__.py"), "");
    Files.writeString(python.resolve("cli.py"), SERVER);
    box = LspBox.start(new LspPrograms(home.toString(), directory.toString()), LIMITS, Map.of());
    box.write("a.py", "x");
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
  }

  private static HttpResponse<byte[]> complete(String mode) throws Exception {
    return box.post(
        "completions",
        "python",
        mode,
        "uri",
        "a.py",
        "position",
        Map.of("line", 0, "character", 0));
  }

  private static void assertSays(HttpResponse<byte[]> reply, String code, int status, String words)
      throws Exception {
    assertError(reply, status, code, "");
    String message = json(reply).get("message").textValue();
    assertTrue(message.contains(words), message);
  }

  @ParameterizedTest
  @CsvSource({
    "lying, announced a message of 99999999999 bytes",
    "partial, stopped in the middle of a message",
    "garbage, wrote a message that is not of its protocol",
    "noise, wrote something else than messages",
    "values, wrote a message of more than 10000 values",
    "deep, wrote a message that is not of its protocol",
    "dies, ended with exit code 3: out of luck"
  })
  void isEndedAndSaysWhy(String mode, String words) throws Exception {
    box.done("start", "python", mode);
    HttpResponse<byte[]> first = complete(mode);
    if (mode.equals("partial")) {
      assertSays(first, "REQUEST_TIMEOUT", 408, "did not answer textDocument/completion within 1");
      while (complete(mode).statusCode() == 408) {
        Thread.onSpinWait();
      }
    }
    assertSays(complete(mode), "LSP_SERVER_NOT_INITIALIZED", 400, words);
    box.done("start", "python", mode);
    box.done("stop", "python", mode);
    box.awaitProcesses(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"silent", "mute", "endless"})
  void thatDoesNotAnswerIsNotWaitedFor(String mode) throws Exception {
    box.done("start", "python", mode);
    assertSays(complete(mode), "REQUEST_TIMEOUT", 408, "did not answer textDocument/completion");
    box.done("stop", "python", mode);
  }

  @Test
  void thatNeverAnswersIsEnded() throws Exception {
    box.done("start", "python", "silent");
    for (int i = 0; i < 16; i++) {
      assertEquals(408, complete("silent").statusCode());
    }
    assertSays(complete("silent"), "LSP_SERVER_NOT_INITIALIZED", 400, "left 16 requests");
    box.done("stop", "python", "silent");
  }

  @Test
  void thatDoesNotComeUp() throws Exception {
    assertSays(box.post("start", "python", "never"), "REQUEST_TIMEOUT", 408, "initialize within 4");
    assertSays(box.post("start", "python", "flood"), "UNPROCESSABLE_ENTITY", 422, "does not read");
    box.awaitProcesses(0);
  }

  @Test
  void thatDoesNotReadIsEnded() throws Exception {
    byte[] text = new byte[900_000];
    Files.write(box.work().resolve("large.py"), text);
    box.done("start", "python", "deaf");
    HttpResponse<byte[]> reply;
    do {
      reply = box.post("did-open", "python", "deaf", "uri", "large.py");
    } while (reply.statusCode() == 200);
    assertSays(reply, "LSP_SERVER_NOT_INITIALIZED", 400, "does not read what it is sent");
    box.done("stop", "python", "deaf");
  }

  @Test
  void thatAsksMuchIsAnswered() throws Exception {
    box.done("start", "python", "chatty");
    box.done("stop", "python", "chatty");
  }

  @Test
  void refusalsAreTheClientsToKnow() throws Exception {
    box.done("start", "python", "refuses");
    HttpResponse<byte[]> reply = complete("refuses");
    assertError(
        reply,
        400,
        "BAD_REQUEST",
        "bad request: the language server for python in refuses answered: cannot");
    assertTrue(!json(reply).get("message").textValue().contains("stack"));
    box.done("stop", "python", "refuses");
    box.done("start", "python", "wrong");
    assertError(complete("wrong"), 400, "BAD_REQUEST", "bad request: ");
    box.done("stop", "python", "wrong");
  }

  @Test
  void answersOfEveryForm() throws Exception {
    box.done("start", "python", "null");
    assertEquals(
        "{\"isIncomplete\":false,\"items\":[]}",
        new String(complete("null").body(), java.nio.charset.StandardCharsets.UTF_8));
    assertEquals("[]", box.symbols("python", "null", "a.py").toString());
    assertEquals("[]", box.find("python", "null", "x").toString());
    box.done("stop", "python", "null");
    box.done("start", "python", "list");
    JsonNode list = box.complete("python", "list", "a.py", 0, 0);
    assertEquals(
        "{\"isIncomplete\":false,\"items\":[{\"label\":\"a\",\"documentation\":{\"kind\":\"plaintext\",\"value\":\"words\"}}]}",
        list.toString());
    box.done("stop", "python", "list");
    box.done("start", "python", "tree");
    JsonNode symbols = box.symbols("python", "tree", "file://a.py");
    assertEquals(List.of("top", "leaf"), Nodes.names(symbols));
    assertEquals(List.of("file://a.py"), Nodes.uris(symbols, "leaf"));
    assertEquals(3, symbols.at("/1/location/range/end/line").intValue());
    box.done("stop", "python", "tree");
  }

  @Test
  void serversAndDocumentsAreBounded() throws Exception {
    for (String project : List.of("b1", "b2", "b3")) {
      box.done("start", "python", project);
    }
    assertError(
        box.post("start", "python", "b4"), 400, "BAD_REQUEST", "bad request: 3 language servers");
    for (int i = 0; i < 4; i++) {
      box.write("d" + i + ".py", "x");
      box.done("did-open", "python", "b1", "uri", "d" + i + ".py");
    }
    assertError(
        box.post("did-open", "python", "b1", "uri", "a.py"),
        400,
        "BAD_REQUEST",
        "bad request: 4 documents are open");
    box.done("stop", "python", "b1");
    box.done("start", "python", "b4");
    for (String project : List.of("b2", "b3", "b4")) {
      box.done("stop", "python", project);
    }
  }
}
