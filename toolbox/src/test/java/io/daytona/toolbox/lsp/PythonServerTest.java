package io.daytona.toolbox.lsp;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server for Python as clients use it (toolbox protocol §8). */
@Timeout(180)
@Tag("slow")
class PythonServerTest {
  private static final String SAMPLE =
      """
      class Greeter:
          def greet(self, name):
              return "hi " + name

      g = Greeter()
      g.
      """;

  private static LspBox box;

  @BeforeAll
  static void start() throws Exception {
    box = LspBox.start();
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
  }

  /** What the test before stopped may still be ending. */
  @BeforeEach
  void nothingRuns() {
    box.awaitProcesses(0);
  }

  private static JsonNode complete(String project, String uri) throws Exception {
    return box.complete("python", project, uri, 5, 2);
  }

  @Test
  void whatTheClientsOwnSuitesDo() throws Exception {
    String project = "e2e-lsp-project";
    String uri = "file://e2e-lsp-project/sample.py";
    box.write("e2e-lsp-project/sample.py", SAMPLE);
    box.done("start", "python", project);
    box.done("start", "python", project);
    box.done("did-open", "python", project, "uri", uri);
    assertTrue(Nodes.labels(complete(project, uri)).contains("greet"));
    JsonNode symbols = box.symbols("python", project, uri);
    assertTrue(Nodes.names(symbols).contains("Greeter"), symbols::toString);
    assertEquals(List.of(uri), Nodes.uris(symbols, "Greeter"));
    JsonNode found = box.find("python", project, "Greeter");
    assertEquals(List.of("Greeter"), Nodes.names(found));
    assertEquals(List.of(uri), Nodes.uris(found, "Greeter"));
    assertEquals(5, found.get(0).get("kind").intValue());
    box.done("did-close", "python", project, "uri", uri);
    box.done("did-close", "python", project, "uri", uri);
    box.done("stop", "python", project);
    assertError(
        box.post("stop", "python", project),
        400,
        "LSP_SERVER_NOT_INITIALIZED",
        "server not initialized");
  }

  @Test
  void pathsOfAllKinds() throws Exception {
    Path directory = Files.createDirectories(box.home().resolve("an ü project%20"));
    Files.writeString(directory.resolve("a b%41.py"), SAMPLE);
    Files.writeString(directory.resolve("c d.py"), SAMPLE);
    String project = "~/an ü project%20";
    box.done("start", "python", project);
    for (String uri :
        List.of(
            "file://~/an ü project%20/a b%41.py",
            "~/an ü project%20/a b%41.py",
            directory + "/a b%41.py",
            "file://" + directory + "/./a b%41.py",
            "file://home/an ü project%20/c d.py",
            DocumentUri.of(directory + "/c d.py"))) {
      box.done("did-open", "python", project, "uri", uri);
      assertTrue(Nodes.labels(complete(project, uri)).contains("greet"), uri);
      assertEquals(List.of(uri), Nodes.uris(box.symbols("python", project, uri), "Greeter"));
      assertTrue(Nodes.uris(box.find("python", project, "Greeter"), "Greeter").contains(uri), uri);
      box.done("did-close", "python", project, "uri", uri);
    }
    List<String> closed = Nodes.uris(box.find("python", project, "Greeter"), "Greeter");
    assertTrue(closed.contains(DocumentUri.of(directory + "/c d.py")), closed::toString);
    box.done("stop", "python", project);
  }

  @Test
  void symbolsOfFilesThatNobodyOpened() throws Exception {
    box.write("unopened/pkg/deep.py", "class Hidden:\n    pass\n");
    box.write("elsewhere.py", "class HiddenElsewhere:\n    pass\n");
    box.done("start", "python", "unopened");
    assertEquals(List.of("Hidden"), Nodes.names(box.find("python", "unopened", "Hidden")));
    assertEquals(
        List.of("Hidden"),
        Nodes.names(box.symbols("python", "unopened", "file://unopened/pkg/deep.py")));
    box.done("did-open", "python", "unopened", "uri", "elsewhere.py");
    List<String> found = Nodes.names(box.find("python", "unopened", "Hidden"));
    assertEquals(List.of("Hidden", "HiddenElsewhere"), found);
    assertEquals("[]", box.find("python", "unopened", "nothingOfThisName").toString());
    box.done("stop", "python", "unopened");
  }

  @Test
  void openingAgainReadsTheFileAgain() throws Exception {
    box.write("again/a.py", "class Before:\n    pass\n");
    box.done("start", "python", "again");
    box.done("did-open", "python", "again", "uri", "file://again/a.py");
    box.write("again/a.py", "class After:\n    pass\n");
    assertEquals(
        List.of("Before"), Nodes.names(box.symbols("python", "again", "file://again/a.py")));
    box.done("did-open", "python", "again", "uri", "file://again/a.py");
    assertEquals(
        List.of("After"), Nodes.names(box.symbols("python", "again", "file://again/a.py")));
    box.done("stop", "python", "again");
  }

  @Test
  void modulesOfTheProjectAreNotTakenForPartsOfTheServer() throws Exception {
    box.write("shadow/logging.py", "raise SystemExit('shadowed')\n");
    box.write("shadow/jedi.py", "raise SystemExit('shadowed')\n");
    box.write("shadow/a.py", SAMPLE);
    box.done("start", "python", "shadow");
    assertTrue(Nodes.labels(complete("shadow", "shadow/a.py")).contains("greet"));
    box.done("stop", "python", "shadow");
  }

  @Test
  void findingsAboutADocument() throws Exception {
    box.write("findings/bad.py", "def f(:\n");
    box.write("findings/good.py", "x = 1\n");
    box.done("start", "python", "findings");
    box.done("did-open", "python", "findings", "uri", "file://findings/bad.py");
    JsonNode bad = box.diagnostics("python", "findings", "file://findings/bad.py");
    assertTrue(bad.get(0).get("message").textValue().contains("SyntaxError"), bad::toString);
    assertEquals(1, bad.get(0).get("severity").intValue());
    assertEquals(0, bad.at("/0/range/start/line").intValue());
    assertEquals("[]", box.diagnostics("python", "findings", "file://findings/good.py").toString());
    box.done("stop", "python", "findings");
  }

  @Test
  void documentsThatCannotBeRead() throws Exception {
    box.write("odd/bytes.py", "");
    Files.write(box.work().resolve("odd/bytes.py"), new byte[] {'x', ' ', '=', ' ', -1, -2, 0});
    Files.write(box.work().resolve("odd/large.py"), new byte[(4 << 20) + 1]);
    new ProcessBuilder("mkfifo", box.work().resolve("pipe.py").toString()).start().waitFor();
    box.done("start", "python", "odd");
    box.done("did-open", "python", "odd", "uri", "odd/bytes.py");
    assertEquals(List.of(), Nodes.names(box.find("python", "odd", "y")));
    for (String path : List.of("odd/none.py", "odd/none%20.py", "odd", "pipe.py", "/dev/zero")) {
      assertError(
          box.post("did-open", "python", "odd", "uri", path),
          400,
          "BAD_REQUEST",
          "bad request: cannot read " + path);
      assertError(
          box.get("document-symbols", "languageId", "python", "pathToProject", "odd", "uri", path),
          400,
          "BAD_REQUEST",
          "bad request: cannot read");
    }
    assertError(
        box.post("did-open", "python", "odd", "uri", "odd/large.py"),
        400,
        "BAD_REQUEST",
        "bad request: the document is larger than");
    assertError(
        box.post("did-open", "python", "odd", "uri", "a\0b"), 400, "BAD_REQUEST", "bad request: ");
    box.done("stop", "python", "odd");
  }

  @Test
  void aKilledServerSaysSoAndCanBeStartedAgain() throws Exception {
    box.write("killed/a.py", SAMPLE);
    box.done("start", "python", "killed");
    assertEquals(1, box.processes().size());
    box.client().signal(box.processes().getFirst().process(), 9, true);
    var reply =
        box.get(
            "document-symbols",
            "languageId",
            "python",
            "pathToProject",
            "killed",
            "uri",
            "killed/a.py");
    assertError(reply, 400, "LSP_SERVER_NOT_INITIALIZED", "server not initialized");
    String message = json(reply).get("message").textValue();
    assertTrue(message.contains("killed by signal 9"), message);
    box.done("start", "python", "killed");
    assertFalse(box.symbols("python", "killed", "killed/a.py").isEmpty());
    box.client().signal(box.processes().getFirst().process(), 9, true);
    box.done("stop", "python", "killed");
    box.awaitProcesses(0);
  }

  @Test
  void manyStartsAtOnceAreOne() throws Exception {
    box.write("many/a.py", SAMPLE);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> starts = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        starts.add(
            threads.submit(() -> {
              box.done("start", "python", "many");
              assertTrue(Nodes.labels(complete("many", "many/a.py")).contains("greet"));
              return null;
            }));
      }
      for (Future<?> start : starts) {
        start.get();
      }
    }
    assertEquals(1, box.processes().size());
    box.done("stop", "python", "many");
    box.awaitProcesses(0);
  }

  @Test
  void afterARestartOfThePlatformClientsStartAnew() throws Exception {
    try (LspBox own = LspBox.start()) {
      own.write("p/a.py", SAMPLE);
      own.done("start", "python", "p");
      own.reconnect();
      assertError(
          own.get("workspacesymbols", "query", "x", "languageId", "python", "pathToProject", "p"),
          400,
          "LSP_SERVER_NOT_INITIALIZED",
          "server not initialized: start the");
      own.done("start", "python", "p");
      assertEquals(List.of("Greeter"), Nodes.names(own.find("python", "p", "Greeter")));
      own.awaitProcesses(1);
    }
  }
}
