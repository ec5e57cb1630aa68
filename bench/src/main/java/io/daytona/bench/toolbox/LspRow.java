package io.daytona.bench.toolbox;

import io.daytona.bench.client.RefusedException;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A completion by the Python language server that the platform brings. */
final class LspRow {
  private static final String NAME = "language server: completion";
  private static final String PACKAGES = "/.daytona/lsp/python";
  private static final String FILE = "sample.py";
  private static final String TEXT =
      """
      import os


      class Greeter:
          def greet(self, name):
              return os.path.join("hello", name)


      Greeter().gr
      """;
  private static final int LINE = 8;
  private static final int CHARACTER = 12;

  private LspRow() {}

  static List<Row> measure(Bench bench) {
    return List.of(bench.row(NAME, () -> completion(bench)));
  }

  private static Row completion(Bench bench) {
    String project = bench.home() + "/project";
    bench.api().upload(bench.sandbox(), "project/" + FILE, TEXT.getBytes(StandardCharsets.UTF_8));
    Map<String, String> server = Map.of("languageId", "python", "pathToProject", project);
    try {
      bench.post("/lsp/start", server);
    } catch (RefusedException e) {
      if (e.status() == 404) {
        return Row.unavailable(NAME, "not available: the platform has no language servers");
      }
      throw e;
    }
    Samples ours;
    try {
      String uri = "file://" + project + "/" + FILE;
      bench.post(
          "/lsp/did-open", Map.of("languageId", "python", "pathToProject", project, "uri", uri));
      Map<String, Object> at =
          Map.of(
              "languageId",
              "python",
              "pathToProject",
              project,
              "uri",
              uri,
              "position",
              Map.of("line", LINE, "character", CHARACTER));
      ours = Bench.repeated(bench.count(), 10, () -> complete(bench, at));
    } finally {
      bench.post("/lsp/stop", server);
    }
    return Row.latency(NAME, ours, 0)
        .beside(bench.bare("completion", bench.count(), PACKAGES, project, FILE, LINE, CHARACTER));
  }

  private static void complete(Bench bench, Map<String, Object> at) {
    String answer = bench.post("/lsp/completions", at).path("items").findPath("label").asText();
    if (!answer.startsWith("greet")) {
      throw new IllegalStateException("completed to " + answer);
    }
  }
}
