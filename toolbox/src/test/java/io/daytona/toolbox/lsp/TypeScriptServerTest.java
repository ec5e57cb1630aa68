package io.daytona.toolbox.lsp;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server for TypeScript and JavaScript as clients use it (toolbox protocol §8). */
@Timeout(240)
@Tag("slow")
class TypeScriptServerTest {
  private static LspBox box;

  @BeforeAll
  static void start() throws Exception {
    box = LspBox.start();
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
  }

  @Test
  void typescript() throws Exception {
    box.write(
        "ts/a.ts",
        """
        export class Greeter {
          greet(name: string): string { return "hi " + name; }
        }
        const g = new Greeter();
        const wrong: number = "text";
        g.
        """);
    box.done("start", "typescript", "ts");
    assertEquals(
        List.of("Greeter"), Nodes.names(box.find("typescript", "ts", "Greeter")), "none is open");
    String uri = "file://ts/a.ts";
    box.done("did-open", "typescript", "ts", "uri", uri);
    assertEquals(List.of("greet"), Nodes.labels(box.complete("typescript", "ts", uri, 5, 2)));
    JsonNode symbols = box.symbols("typescript", "ts", uri);
    assertTrue(
        Nodes.names(symbols).containsAll(List.of("Greeter", "greet", "g", "wrong")),
        symbols::toString);
    assertEquals(List.of(uri), Nodes.uris(symbols, "greet"));
    assertEquals(List.of(uri), Nodes.uris(box.find("typescript", "ts", "Greeter"), "Greeter"));
    JsonNode findings = box.diagnostics("typescript", "ts", uri);
    assertTrue(findings.toString().contains("\"2322\""), findings::toString);
    box.done("did-close", "typescript", "ts", "uri", uri);
    box.done("stop", "typescript", "ts");
  }

  @Test
  void javascriptIsAServerOfItsOwn() throws Exception {
    box.write("js/a.js", "function hello() { return 1; }\nconst text = \"x\";\ntext.\n");
    box.done("start", "javascript", "js");
    assertError(
        box.post("did-open", "typescript", "js", "uri", "js/a.js"),
        400,
        "LSP_SERVER_NOT_INITIALIZED",
        "server not initialized");
    box.done("did-open", "javascript", "js", "uri", "js/a.js");
    List<String> labels = Nodes.labels(box.complete("javascript", "js", "js/a.js", 2, 5));
    assertTrue(labels.contains("toUpperCase"), labels::toString);
    assertTrue(Nodes.names(box.symbols("javascript", "js", "js/a.js")).contains("hello"));
    assertEquals(List.of("hello"), Nodes.names(box.find("javascript", "js", "hello")));
    box.done("stop", "javascript", "js");
  }

  @Test
  void aProjectWithoutSources() throws Exception {
    box.write("none/node_modules/x/a.ts", "export class Foreign {}\n");
    box.done("start", "typescript", "none");
    assertEquals("[]", box.find("typescript", "none", "Foreign").toString());
    box.done("stop", "typescript", "none");
  }
}
