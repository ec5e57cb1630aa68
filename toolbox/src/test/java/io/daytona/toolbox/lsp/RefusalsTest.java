package io.daytona.toolbox.lsp;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What calls without a server are told (toolbox protocol §8.2), and what a sandbox may lack. */
@Timeout(60)
class RefusalsTest {
  private static final String SERVER = "\"languageId\":\"%s\",\"pathToProject\":\"p\"";
  private static final String POSITION = "\"position\":{\"line\":0,\"character\":0}";

  private static LspBox box;
  @TempDir private static Path directory;

  @BeforeAll
  static void start() throws Exception {
    Files.createDirectory(directory.resolve("jedi_language_server"));
    Path cli = directory.resolve("typescript-language-server/lib/cli.mjs");
    Files.createDirectories(cli.getParent());
    Files.writeString(cli, "");
    box = LspBox.start(programs(), LspLimits.defaults(), Map.of());
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
  }

  private static LspPrograms programs() {
    return new LspPrograms(directory.toString(), directory.toString());
  }

  private static HttpResponse<byte[]> post(String name, String language, String... headers)
      throws Exception {
    String body = "{" + SERVER.formatted(language) + ",\"uri\":\"file://a\"," + POSITION + "}";
    return box.postJson(name, body, headers);
  }

  @Test
  void noServer() throws Exception {
    for (String name : List.of("stop", "did-open", "did-close", "completions")) {
      String message = "server not initialized: start the language server for python in p first";
      assertError(post(name, "python"), 400, "LSP_SERVER_NOT_INITIALIZED", message);
      assertError(
          post(name, "python", "X-Daytona-SDK-Version", "0.190.0"), 400, "BAD_REQUEST", message);
      assertError(
          post(name, "cobol"), 400, "BAD_REQUEST", "bad request: unsupported language: cobol");
    }
    for (String name : List.of("document-symbols", "workspacesymbols", "diagnostics")) {
      String[] query = {"query", "x", "uri", "a", "pathToProject", "p", "languageId", "typescript"};
      assertError(box.get(name, query), 400, "LSP_SERVER_NOT_INITIALIZED", "server not");
      query[7] = "cobol";
      assertError(box.get(name, query), 400, "BAD_REQUEST", "bad request: unsupported language");
    }
    assertError(post("start", "cobol"), 400, "BAD_REQUEST", "bad request: unsupported language");
  }

  @Test
  void incompleteRequests() throws Exception {
    for (String name : List.of("start", "stop", "did-open", "did-close", "completions")) {
      for (String body :
          List.of(
              "{}",
              "[]",
              "{",
              "{\"languageId\":\"python\"}",
              "{\"languageId\":\"\",\"pathToProject\":\"p\"}",
              "{\"languageId\":7,\"pathToProject\":\"p\"}")) {
        assertError(
            box.postJson(name, body), 400, "INVALID_REQUEST_BODY", "invalid body request: ");
      }
    }
    String server = "{" + SERVER.formatted("python");
    for (String body :
        List.of(
            server + "}",
            server + ",\"uri\":\"a\"}",
            server + ",\"uri\":\"a\",\"position\":{}}",
            server + ",\"uri\":\"a\",\"position\":{\"line\":0}}",
            server + ",\"uri\":\"a\",\"position\":{\"line\":\"0\",\"character\":0}}")) {
      assertError(
          box.postJson("completions", body), 400, "INVALID_REQUEST_BODY", "invalid body request: ");
    }
    assertError(
        box.postJson(
            "completions", server + ",\"uri\":\"a\",\"position\":{\"line\":-1,\"character\":0}}"),
        400,
        "BAD_REQUEST",
        "bad request: line and character");
    for (String name : List.of("document-symbols", "workspacesymbols", "diagnostics")) {
      assertError(box.get(name), 400, "BAD_REQUEST", "bad request: ");
      assertError(
          box.get(name, "query", "", "uri", "", "languageId", "python", "pathToProject", "p"),
          400,
          "BAD_REQUEST",
          "bad request: ");
    }
  }

  @Test
  void anImageWithoutTheInterpreter() throws Exception {
    try (LspBox bare =
        LspBox.start(programs(), LspLimits.defaults(), Map.of("PATH", "/nonexistent"))) {
      assertError(
          bare.post("start", "python", "p"),
          422,
          "UNPROCESSABLE_ENTITY",
          "python3 was not found in the sandbox; install python3 3.10 or later");
      for (String language : List.of("typescript", "javascript")) {
        assertError(
            bare.post("start", language, "p"),
            422,
            "UNPROCESSABLE_ENTITY",
            "node was not found in the sandbox; install node 18 or later");
      }
    }
  }

  @Test
  void anInterpreterThatIsTooOld(@TempDir Path bin) throws Exception {
    Path python = bin.resolve("python3");
    Files.writeString(python, "#!/bin/sh\necho 'SyntaxError: invalid syntax' >&2\nexit 1\n");
    Files.setPosixFilePermissions(
        python, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
    try (LspBox old =
        LspBox.start(programs(), LspLimits.defaults(), Map.of("PATH", bin.toString()))) {
      var reply = old.post("start", "python", "p");
      assertError(reply, 422, "UNPROCESSABLE_ENTITY", "the language server for python in p ended");
      String message = json(reply).get("message").textValue();
      assertTrue(message.contains("exit code 1: SyntaxError: invalid syntax"), message);
      assertTrue(message.contains("python3 3.10 or later"), message);
    }
  }

  @Test
  void aSandboxWithoutThePlatformsTools() throws Exception {
    try (ToolboxServer server = ToolboxServer.start()) {
      for (var language :
          Map.of("python", "/.daytona/lsp/python", "javascript", "/.daytona/lsp/node").entrySet()) {
        assertError(
            server.post("/lsp/start", "{" + SERVER.formatted(language.getKey()) + "}"),
            422,
            "UNPROCESSABLE_ENTITY",
            "the sandbox lacks the platform's " + language.getValue());
      }
    }
  }

  @Test
  void nothingIsStartedForARefusal() {
    assertEquals(List.of(), box.processes());
  }
}
